//! The name of each request, by which the log and the client find it again.

use std::{
    cell::Cell,
    fmt::Write,
    hash::{BuildHasher, RandomState},
};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is taken over from a client.
const MAX_REQUEST_ID: usize = 128;

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

impl RequestIds {
    /// The name that a request brings, if it is well-formed, or a new one.
    pub(super) fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let given = headers.get(&X_REQUEST_ID).filter(|id| is_well_formed(id));
        given.cloned().unwrap_or_else(|| self.next())
    }

    fn next(&self) -> HeaderValue {
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        let mut text = String::with_capacity(16);
        // Writing into a String cannot fail.
        let _ = write!(text, "{:016x}", self.hasher.hash_one(number));
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("-"))
    }
}

fn is_well_formed(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    (1..=MAX_REQUEST_ID).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}
