//! Bodies that are not read: a request's body by the server, and the server's answers by a client.
//!
//! A chunked body does not say how long it is. If its reader has been dropped, actix-http reads and
//! discards the rest, however long that takes, so that the connection can be used again. If the reader
//! still exists when the answer has been written, actix-http closes the connection. So the answer holds
//! the unread rest of the body until it has been sent.
//!
//! actix-http asks an answer's body for data only when the connection's buffer has room, but it writes an
//! answer without a body at once. A client that sends requests without pause and reads nothing would
//! fill the memory with such answers. So here every answer has a body: an empty one is an empty stream,
//! which waits for room like any other.

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
        ConnectionType, StatusCode,
        header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING},
    },
    web::Bytes,
};
use futures_util::Stream;
use pin_project_lite::pin_project;

use crate::http::observe::request_tracker::{PendingRequest, RequestBody, RequestTracker};

/// The rest of a body whose reader was dropped; `None` if it was read to its end.
#[derive(Clone, Default)]
struct UnreadBody(Rc<RefCell<Option<Payload>>>);

/// Calls a service, and tells the connection when the request begins and when its answer has been sent. Every
/// application that is served on Sekisho's connections must be wrapped in this.
///
/// # Errors
///
/// The service's own.
pub fn track_unread<S, B>(
    mut request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<HoldUnread<B>>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let until_sent = track(&mut request);
    let answer = service.call(request);
    async move { Ok(answer.await?.map_body(|head, body| HoldUnread::new(head, body, until_sent))) }
}

/// Tracks how far a chunked request body is read, and tells the connection that the request has begun.
pub(crate) fn track(request: &mut ServiceRequest) -> HeldUntilSent {
    let tracker = request.conn_data::<Rc<RequestTracker>>().cloned();
    let (mut body, mut unread_body) = (RequestBody::Length(0), None);
    if !matches!(request.parts_mut().1, Payload::None) {
        if request.headers().contains_key(TRANSFER_ENCODING) {
            body = RequestBody::Chunked;
            let payload = TrackedPayload {
                body: Some(request.take_payload()),
                unread: unread_body.insert(UnreadBody::default()).clone(),
                tracker: tracker.clone(),
            };
            request.set_payload(Payload::Stream { payload: Box::pin(payload) });
        } else if let Some(text) = request.headers().get(CONTENT_LENGTH) {
            body = RequestBody::Length(text.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(0));
        }
    }
    HeldUntilSent { unread_body, pending: tracker.map(|tracker| tracker.begin(body)) }
}

/// What an answer holds on to until it has been sent.
#[derive(Default)]
pub(crate) struct HeldUntilSent {
    unread_body: Option<UnreadBody>,
    pending: Option<PendingRequest>,
}

impl HeldUntilSent {
    /// Whether the reader of the request's body was dropped before the end of the body.
    pub(crate) fn is_left(&self) -> bool {
        self.unread_body.as_ref().is_some_and(|body| body.0.borrow().is_some())
    }
}

/// A body that is being read. What is left of it at the drop goes to `unread`.
struct TrackedPayload {
    body: Option<Payload>,
    unread: UnreadBody,
    tracker: Option<Rc<RequestTracker>>,
}

impl Stream for TrackedPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let item = ready!(Pin::new(body).poll_next(context));
        if item.is_none() {
            self.body = None;
            if let Some(tracker) = &self.tracker {
                tracker.end_body();
            }
        }
        Poll::Ready(item)
    }
}

impl Drop for TrackedPayload {
    fn drop(&mut self) {
        *self.unread.0.borrow_mut() = self.body.take();
    }
}

pin_project! {
    /// The body of an answer. It holds the unread rest of the request's body until it has been sent.
    pub struct HoldUnread<B> {
        #[pin]
        body: B,
        until_sent: HeldUntilSent,
        is_empty: bool,
    }
}

impl<B: MessageBody> HoldUnread<B> {
    /// The body of an answer with this head, which is told the length of a body that is empty.
    pub(crate) fn new(head: &mut ResponseHead, body: B, until_sent: HeldUntilSent) -> Self {
        if until_sent.pending.as_ref().is_some_and(PendingRequest::is_last) {
            head.set_connection_type(ConnectionType::Close);
        }
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
        Self { body, until_sent, is_empty }
    }
}

impl<B: MessageBody> MessageBody for HoldUnread<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        if self.is_empty { BodySize::Stream } else { self.body.size() }
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        self.project().body.poll_next(context)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { body, until_sent, is_empty } = self;
        if until_sent.unread_body.is_some() || is_empty {
            return Err(Self { body, until_sent, is_empty });
        }
        body.try_into_bytes().map_err(|body| Self { body, until_sent, is_empty })
    }
}
