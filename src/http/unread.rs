//! What is left unread: of a request's body by us, and of our answers by a client.
//!
//! A body in chunks does not say how long it is. Where its reader has gone, actix-http reads what is
//! left and throws it away, so that the connection can be used again, however long that lasts;
//! where the reader is still there when the answer has been written, it ends the connection. So
//! the answer holds on to what is left of the body.
//!
//! actix-http asks for a body when there is room for it in the connection's buffer, and writes an
//! answer without one at once. A client that sends requests without pause and reads nothing would
//! be written such answers until the memory is full. So here no answer is without a body: one that
//! has nothing to say has a stream of nothing, which waits for room like any other.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_web::{
    Error, HttpMessage,
    body::{BodySize, MessageBody},
    dev::{Payload, ResponseHead, Service, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::{
        StatusCode,
        header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING},
    },
    web::Bytes,
};
use futures_util::Stream;
use pin_project_lite::pin_project;

use super::pace::{Body, Held, Pace};

/// What is left of a body when its reader has gone; nothing where it was read to its end.
#[derive(Clone, Default)]
struct Rest(Rc<RefCell<Option<Payload>>>);

/// Has a service answer a request, and its connection learn of both: what every application must be wrapped
/// in that is served on connections of ours.
///
/// # Errors
///
/// The service's own.
pub fn watched<S, B>(
    mut request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<Answer<B>>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let unread = watch(&mut request);
    let answer = service.call(request);
    async move { Ok(answer.await?.map_body(|head, body| Answer::new(head, body, unread))) }
}

/// Watches the body of a request, where it comes in chunks, and tells its connection of the request.
pub(super) fn watch(request: &mut ServiceRequest) -> Unread {
    let pace = request.conn_data::<Rc<Pace>>().cloned();
    let (mut body, mut rest) = (Body::Length(0), None);
    if !matches!(request.parts_mut().1, Payload::None) {
        if request.headers().contains_key(TRANSFER_ENCODING) {
            body = Body::Chunked;
            let watched = Watched {
                body: Some(request.take_payload()),
                rest: rest.insert(Rest::default()).clone(),
                pace: pace.clone(),
            };
            request.set_payload(Payload::Stream { payload: Box::pin(watched) });
        } else if let Some(text) = request.headers().get(CONTENT_LENGTH) {
            body = Body::Length(text.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(0));
        }
    }
    Unread { rest, _held: pace.map(|pace| pace.begin(body)) }
}

/// What an answer holds on to until it has been sent.
#[derive(Default)]
pub(super) struct Unread {
    rest: Option<Rest>,
    _held: Option<Held>,
}

impl Unread {
    /// Whether the reader of the request's body has gone and something was left.
    pub(super) fn is_left(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| rest.0.borrow().is_some())
    }
}

/// A body that is being read; nothing once it was read to its end.
struct Watched {
    body: Option<Payload>,
    rest: Rest,
    pace: Option<Rc<Pace>>,
}

impl Stream for Watched {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let item = ready!(Pin::new(body).poll_next(context));
        if item.is_none() {
            self.body = None;
            if let Some(pace) = &self.pace {
                pace.end_body();
            }
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
        unread: Unread,
        is_empty: bool,
    }
}

impl<B: MessageBody> Answer<B> {
    /// The body of an answer with this head, which is told the length of a body that is empty.
    pub(super) fn new(head: &mut ResponseHead, body: B, unread: Unread) -> Self {
        let size = body.size();
        let is_empty = size.is_eof() && !head.status.is_informational();
        if is_empty {
            head.no_chunking(true);
            // The codec leaves it out where the status allows no body (204); of 304 it would be
            // that of the body which the client has.
            if size == BodySize::Sized(0) && head.status != StatusCode::NOT_MODIFIED {
                head.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
        }
        Self { body, unread, is_empty }
    }
}

impl<B: MessageBody> MessageBody for Answer<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        if self.is_empty { BodySize::Stream } else { self.body.size() }
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        self.project().body.poll_next(context)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { body, unread, is_empty } = self;
        if unread.rest.is_some() || is_empty {
            return Err(Self { body, unread, is_empty });
        }
        body.try_into_bytes().map_err(|body| Self { body, unread, is_empty })
    }
}
