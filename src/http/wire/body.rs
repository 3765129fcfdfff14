//! Reading request bodies: bounded in size and time.

use std::time::Duration;

use actix_web::{HttpMessage, HttpRequest, dev::Payload, http::header::CONTENT_TYPE};
use futures_util::StreamExt;
use zeroize::Zeroizing;

use super::{
    api_error::ApiError,
    errors::{self, ErrorKind},
};

/// The maximum size of a body, in bytes. The table of errors tells it to clients.
const MAX_BODY: usize = 64 * 1024;

/// The time in which a body must arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The media type of a body, according to its `Content-Type`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// The endpoint reads this type.
    Expected,
    /// There is no such header: a body without one must be empty.
    Missing,
    Other,
}

impl MediaType {
    pub(super) fn of(request: &HttpRequest, is_expected: impl FnOnce(&str) -> bool) -> Self {
        match request.headers().contains_key(CONTENT_TYPE) {
            false => Self::Missing,
            true if is_expected(&request.content_type().to_ascii_lowercase()) => Self::Expected,
            true => Self::Other,
        }
    }
}

/// Reads a whole body. A body of another type is refused with `unsupported`.
pub(super) async fn read(
    mut payload: Payload,
    media_type: MediaType,
    unsupported: &'static ErrorKind,
) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let whole = async {
        if media_type == MediaType::Other {
            return Err(ApiError::from(unsupported));
        }
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| errors::UNREADABLE_BODY)?;
            if media_type == MediaType::Missing && !chunk.is_empty() {
                return Err(ApiError::from(unsupported));
            }
            if body.len() + chunk.len() > MAX_BODY {
                return Err(errors::PAYLOAD_TOO_LARGE.into());
            }
            append(&mut body, &chunk);
        }
        Ok(body)
    };
    tokio::time::timeout(BODY_TIMEOUT, whole).await.unwrap_or(Err(errors::REQUEST_TIMEOUT.into()))
}

/// Appends to a buffer that may hold a password. A buffer that is too small is wiped when it is replaced.
fn append(body: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) {
    let needed = body.len() + chunk.len();
    if needed > body.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * body.capacity())));
        larger.extend_from_slice(body);
        *body = larger;
    }
    body.extend_from_slice(chunk);
}
