//! Answers that are the same for every client until the next release. They are kept in memory once,
//! revalidated by their hash, and sent in pieces.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    body::{BodySize, MessageBody},
    http::header::{CONTENT_SECURITY_POLICY, CacheControl, CacheDirective, ETag, EntityTag, IfNoneMatch},
    web::Bytes,
};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The maximum number of an asset's bytes that a connection holds, twice: as a piece, and as output that is
/// about to be written.
const PIECE: usize = 16 * 1024;

/// A file, a page or a document.
pub struct Asset {
    bytes: Bytes,
    media_type: String,
    tag: EntityTag,
    cache: CacheControl,
    policy: Option<&'static str>,
}

impl Asset {
    /// Creates an asset that caches keep as `cache` says.
    pub(crate) fn new(bytes: Bytes, media_type: impl Into<String>, cache: &[CacheDirective]) -> Self {
        let hash = digest::digest(&digest::SHA256, &bytes);
        let tag = EntityTag::new_strong(URL_SAFE_NO_PAD.encode(hash));
        Self { bytes, media_type: media_type.into(), tag, cache: CacheControl(cache.to_vec()), policy: None }
    }

    /// The same asset with its own content security policy.
    pub(crate) fn with_policy(self, policy: &'static str) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// The asset, or 304 if the client has it already.
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let is_known = match request.get_header::<IfNoneMatch>() {
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.tag)),
            None => false,
        };
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header(ETag(self.tag.clone())).insert_header(self.cache.clone());
        if let Some(policy) = self.policy {
            // Also with a 304: a client replaces its stored headers by those of the 304.
            response.insert_header((CONTENT_SECURITY_POLICY, policy));
        }
        if is_known {
            return response.finish();
        }
        response.content_type(self.media_type.as_str()).body(Pieces(self.bytes.clone()))
    }
}

/// A body that is sent in pieces. The next piece is made when there is room for it, so a client that does not
/// read holds two of them and not the whole.
struct Pieces(Bytes);

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let length = self.0.len().min(PIECE);
        Poll::Ready((length > 0).then(|| Ok(self.0.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_comes_in_pieces_that_are_not_copied_and_make_the_whole() {
        let whole = Bytes::from(vec![7; 2 * PIECE + 1]);
        let mut pieces = Pieces(whole.clone());
        let mut context = Context::from_waker(std::task::Waker::noop());
        let (mut lengths, mut at) = (Vec::new(), whole.as_ptr().addr());

        while let Poll::Ready(Some(Ok(piece))) = Pin::new(&mut pieces).poll_next(&mut context) {
            assert_eq!(piece.as_ptr().addr(), at);
            at += piece.len();
            lengths.push(piece.len());
        }

        assert_eq!(lengths, [PIECE, PIECE, 1]);
    }
}
