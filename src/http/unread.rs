//! A body that may never end, and that nobody reads to its end.
//!
//! Of a body whose reader has gone actix-http reads the rest, so that the connection can be used
//! again, however long that lasts. Where the reader is still there when the answer is written, it
//! ends the connection. So we hold on to what is left of such a body for a moment.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::{
    HttpMessage,
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
    web::Bytes,
};
use futures_util::Stream;

use super::body::MAX_BODY;

/// How long what is left of a body is held; an answer is written much sooner.
const HOLD: Duration = Duration::from_secs(1);

/// Sees to it that a body longer than any that we read ends with its request.
pub(super) fn bound(request: &mut ServiceRequest) {
    if may_be_long(request) {
        let body = Held { inner: Some(request.take_payload()) };
        request.set_payload(Payload::Stream { payload: Box::pin(body) });
    }
}

/// A body in chunks does not say how long it is. A short one is read to its end in no time.
fn may_be_long(request: &ServiceRequest) -> bool {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.is_some_and(|length: u64| length > MAX_BODY as u64)
        || request.headers().contains_key(TRANSFER_ENCODING)
}

/// A body, or what is left of it; nothing once it was read to its end.
struct Held {
    inner: Option<Payload>,
}

impl Stream for Held {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        let item = ready!(Pin::new(inner).poll_next(context));
        if item.is_none() {
            self.inner = None;
        }
        Poll::Ready(item)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(rest) = self.inner.take() {
            actix_web::rt::spawn(async move {
                tokio::time::sleep(HOLD).await;
                drop(rest);
            });
        }
    }
}
