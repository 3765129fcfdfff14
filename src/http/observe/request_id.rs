//! The name of each request, by which the log and the client find it again.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
    io::Write,
};

use actix_web::{
    HttpMessage, HttpRequest,
    dev::ServiceRequest,
    http::header::{HeaderMap, HeaderName, HeaderValue},
};

use crate::domain::RequestId;

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names one worker's requests. A request that brings no name gets a scrambled counter.
pub(super) struct RequestIds {
    hasher: RandomState,
    next: Cell<u64>,
}

impl Default for RequestIds {
    fn default() -> Self {
        Self { hasher: RandomState::new(), next: Cell::new(0) }
    }
}

/// The number that a request without a name was given, among the request's extensions.
struct Number(u64);

impl RequestIds {
    /// The name that a request brings, if it is well-formed, or a new one. [`request_id`] finds it again.
    pub(super) fn name(&self, request: &ServiceRequest) -> HeaderValue {
        if let Some(given) = given(request.headers()) {
            return given.clone();
        }
        let count = self.next.get();
        self.next.set(count.wrapping_add(1));
        let number = self.hasher.hash_one(count);
        request.extensions_mut().insert(Number(number));
        let mut text = [b'-'; 16];
        // Sixteen digits fit.
        let _ = write!(text.as_mut_slice(), "{}", RequestId::numbered(number));
        HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("-"))
    }
}

fn given(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(&X_REQUEST_ID).filter(|id| RequestId::is_well_formed(id.as_bytes()))
}

/// The name of a request. In an application without [`Observe`](super::Observe) only clients name requests.
pub(crate) fn request_id(request: &HttpRequest) -> RequestId {
    let given = given(request.headers()).and_then(|id| RequestId::parse(id.to_str().ok()?));
    let number = || request.extensions().get::<Number>().map(|number| RequestId::numbered(number.0));
    given.or_else(number).unwrap_or_default()
}
