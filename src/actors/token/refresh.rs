//! Refresh tokens: opaque to everybody but us.
//!
//! A token is `base64url(session ‖ secret ‖ tag)`: the session's number (8 bytes), the secret (32
//! bytes: from the operating system at login, derived from its predecessor after), and the first
//! 16 bytes of an HMAC over both. The number finds the row, so that no index on hashes has to
//! follow each refresh; the tag tells an old token of ours from anybody's guess, which must not
//! be able to end a session as a stolen token would.

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest, hmac};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    actors::db::TokenHash,
    domain::{RefreshToken, SessionId},
};

const SESSION: usize = 8;
const SECRET: usize = 32;
const TAG: usize = 16;
const TOKEN: usize = SESSION + SECRET + TAG;

/// The secret part of a refresh token: 256 bits.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RefreshSecret([u8; SECRET]);

impl std::fmt::Debug for RefreshSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshSecret(…)")
    }
}

impl RefreshSecret {
    pub(super) const fn new(bytes: [u8; SECRET]) -> Self {
        Self(bytes)
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        let mut hash = [0; digest::SHA256_OUTPUT_LEN];
        hash.copy_from_slice(digest::digest(&digest::SHA256, &self.0).as_ref());
        TokenHash(hash)
    }
}

/// A refresh token that is, or once was, one of ours.
#[derive(Debug, Clone)]
pub struct Presented {
    /// Its session.
    pub session_id: SessionId,
    /// Its secret.
    pub secret: RefreshSecret,
    /// Its secret's hash.
    pub hash: TokenHash,
    /// The secret that follows it.
    pub successor: RefreshSecret,
}

/// The keys that derive and tag; made from one secret of the installation.
#[derive(Clone)]
pub struct RefreshKeys {
    derive: hmac::Key,
    tag: hmac::Key,
}

impl RefreshKeys {
    /// Makes both keys from the installation's secret.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let key = |purpose: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, purpose).as_ref());
        Self { derive: key(b"refresh token successor"), tag: key(b"refresh token tag") }
    }

    /// The secret that follows `secret` in its session: always the same one.
    pub(super) fn successor(&self, session_id: SessionId, secret: &RefreshSecret) -> RefreshSecret {
        let mut context = hmac::Context::with_key(&self.derive);
        context.update(&session_id.0.to_be_bytes());
        context.update(&secret.0);
        let mut next = [0; SECRET];
        next.copy_from_slice(context.sign().as_ref());
        RefreshSecret(next)
    }

    /// Writes the token of a session.
    pub(super) fn write(&self, session_id: SessionId, secret: &RefreshSecret) -> RefreshToken {
        let mut token = Zeroizing::new([0; TOKEN]);
        let (body, tag) = token.split_at_mut(SESSION + SECRET);
        let (session, secret_part) = body.split_at_mut(SESSION);
        session.copy_from_slice(&session_id.0.to_be_bytes());
        secret_part.copy_from_slice(&secret.0);
        tag.copy_from_slice(&self.tag_of(body));
        RefreshToken::new(BASE64_URL_SAFE_NO_PAD.encode(*token))
    }

    /// Reads a token back; `None` for what is not ours.
    pub(super) fn read(&self, token: &RefreshToken) -> Option<Presented> {
        let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(token.expose()).ok()?);
        let (body, tag) = bytes.split_at_checked(SESSION + SECRET)?;
        verify_slices_are_equal(&self.tag_of(body), tag).ok()?;
        let (session, secret) = body.split_at_checked(SESSION)?;
        let session_id = SessionId(i64::from_be_bytes(session.try_into().ok()?));
        let secret = RefreshSecret(secret.try_into().ok()?);
        let successor = self.successor(session_id, &secret);
        Some(Presented { session_id, hash: secret.hash(), secret, successor })
    }

    fn tag_of(&self, body: &[u8]) -> [u8; TAG] {
        let mut tag = [0; TAG];
        for (byte, whole) in tag.iter_mut().zip(hmac::sign(&self.tag, body).as_ref()) {
            *byte = *whole;
        }
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> RefreshKeys {
        RefreshKeys::new(b"a secret of the installation")
    }

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let secret = RefreshSecret::new([7; 32]);
        let token = keys().write(SessionId(42), &secret);

        let presented = keys().read(&token).unwrap();

        assert_eq!(presented.session_id, SessionId(42));
        assert_eq!(presented.hash, secret.hash());
    }

    #[test]
    fn a_secret_has_one_successor_in_a_session() {
        let secret = RefreshSecret::new([7; 32]);
        let successor = |session| keys().successor(SessionId(session), &secret).hash();

        assert_eq!(successor(1), successor(1));
        assert_ne!(successor(1), successor(2));
        assert_ne!(successor(1), secret.hash());
    }

    #[test]
    fn nothing_but_our_own_tokens_can_be_read() {
        let token = keys().write(SessionId(42), &RefreshSecret::new([7; 32]));
        let text = token.expose();
        let other = RefreshKeys::new(b"another").write(SessionId(42), &RefreshSecret::new([7; 32]));

        assert!(keys().read(&other).is_none());
        for index in 0..text.len() {
            let mut changed = text.as_bytes().to_vec();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            assert!(
                keys().read(&RefreshToken::new(String::from_utf8(changed).unwrap())).is_none(),
                "{index}"
            );
            assert!(keys().read(&RefreshToken::new(text[..index].to_owned())).is_none());
        }
        for text in [format!("{text}A"), format!("{text}="), "x".repeat(10_000), "é".to_owned()] {
            assert!(keys().read(&RefreshToken::new(text)).is_none());
        }
    }

    #[test]
    fn debug_output_hides_the_secret() {
        assert!(!format!("{:?}", RefreshSecret::new([7; 32])).contains('7'));
    }
}
