//! A body in chunks that nobody reads to its end.
//!
//! Such a body does not say how long it is. Where its reader has gone, actix-http reads what is
//! left and throws it away, so that the connection can be used again, however long that lasts;
//! where the reader is still there when the answer has been written, it ends the connection. So
//! the answer holds on to what is left of the body.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_web::{
    HttpMessage,
    body::{BodySize, MessageBody},
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    http::header::TRANSFER_ENCODING,
    web::Bytes,
};
use futures_util::Stream;
use pin_project_lite::pin_project;

/// What is left of a body when its reader has gone; nothing where it was read to its end.
#[derive(Clone, Default)]
pub(super) struct Rest(Rc<RefCell<Option<Payload>>>);

impl Rest {
    /// Whether the reader has gone and something was left.
    pub(super) fn is_left(&self) -> bool {
        self.0.borrow().is_some()
    }
}

/// Watches the body of a request, where it comes in chunks.
pub(super) fn watch(request: &mut ServiceRequest) -> Option<Rest> {
    if !request.headers().contains_key(TRANSFER_ENCODING) {
        return None;
    }
    let body = request.take_payload();
    if matches!(body, Payload::None) {
        return None;
    }
    let rest = Rest::default();
    let watched = Watched { body: Some(body), rest: rest.clone() };
    request.set_payload(Payload::Stream { payload: Box::pin(watched) });
    Some(rest)
}

/// A body that is being read; nothing once it was read to its end.
struct Watched {
    body: Option<Payload>,
    rest: Rest,
}

impl Stream for Watched {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let item = ready!(Pin::new(body).poll_next(context));
        if item.is_none() {
            self.body = None;
        }
        Poll::Ready(item)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        *self.rest.0.borrow_mut() = self.body.take();
    }
}

pin_project! {
    /// The body of an answer, with what nobody read of the request's.
    pub struct Answer<B> {
        #[pin]
        body: B,
        rest: Option<Rest>,
    }
}

impl<B> Answer<B> {
    pub(super) const fn new(body: B, rest: Option<Rest>) -> Self {
        Self { body, rest }
    }
}

impl<B: MessageBody> MessageBody for Answer<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        self.project().body.poll_next(context)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { body, rest } = self;
        if rest.is_some() {
            return Err(Self { body, rest });
        }
        body.try_into_bytes().map_err(|body| Self { body, rest })
    }
}
