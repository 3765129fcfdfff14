//! The tag in an access token's `jti`, which distinguishes the tokens that Sekisho issued from others that
//! are signed with its key.
//!
//! A service that verifies HS256 has the key that signs. To other services its tokens are as good as
//! Sekisho's, which cannot be changed, but Sekisho does not accept them. `jti` is `base64url(nonce ‖ tag)`:
//! 16 random bytes, and the first 16 of an HMAC over them and all other claims, with a key that never leaves
//! the installation. It covers every claim, so the `jti` of a genuine token is of no use with another
//! session, scope, audience or time.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::refresh::SecretVersion;
use crate::domain::{AccessTokenClaims, Timestamp};

const NONCE: usize = 16;
const TAG: usize = 16;

/// The keys of the tags, derived from the versions of the installation's secret.
#[derive(Clone)]
pub struct TagKeys {
    /// The keys, each with the time from which it makes new tags, in that order.
    keys: Vec<(Timestamp, TagKey)>,
}

impl TagKeys {
    /// Derives the keys. Tokens that were tagged with another secret are refused; their clients refresh.
    pub(super) fn new(versions: &[SecretVersion]) -> Self {
        let key = |root: &SecretVersion| (root.used_from, TagKey::new(&root.value));
        Self { keys: versions.iter().map(key).collect() }
    }

    /// The key that makes new tags now. If the clock was set back before all of them, the first.
    pub(super) fn newest(&self, now: Timestamp) -> Option<&TagKey> {
        let newest = self.keys.iter().rfind(|(used_from, _)| *used_from <= now);
        newest.or_else(|| self.keys.first()).map(|(_, key)| key)
    }

    /// Whether Sekisho made the `jti` of these claims.
    pub(super) fn are_ours(&self, claims: &AccessTokenClaims) -> bool {
        self.keys.iter().rev().any(|(_, key)| key.is_ours(claims))
    }
}

/// The key of a version.
#[derive(Clone)]
pub(super) struct TagKey(hmac::Key);

impl TagKey {
    fn new(secret: &[u8]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let key = hmac::sign(&root, b"access token tag");
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()))
    }

    /// The claims with a tagged `jti`, which replaces any other.
    pub(super) fn tagged(
        &self,
        claims: AccessTokenClaims,
        nonce: [u8; NONCE],
    ) -> serde_json::Result<AccessTokenClaims> {
        let claims = AccessTokenClaims { jti: String::new(), ..claims };
        let mut jti = [0; NONCE + TAG];
        for (byte, source) in jti.iter_mut().zip(nonce.iter().chain(&self.tag(&claims, &nonce)?)) {
            *byte = *source;
        }
        Ok(AccessTokenClaims { jti: BASE64_URL_SAFE_NO_PAD.encode(jti), ..claims })
    }

    fn is_ours(&self, claims: &AccessTokenClaims) -> bool {
        let Ok(jti) = BASE64_URL_SAFE_NO_PAD.decode(&claims.jti) else { return false };
        let Some((nonce, tag)) = jti.split_at_checked(NONCE) else { return false };
        let bare = AccessTokenClaims { jti: String::new(), ..claims.clone() };
        self.tag(&bare, nonce).is_ok_and(|ours| verify_slices_are_equal(&ours, tag).is_ok())
    }

    /// The tag of claims without `jti`.
    fn tag(&self, claims: &AccessTokenClaims, nonce: &[u8]) -> serde_json::Result<[u8; TAG]> {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(nonce);
        // Equal claims are serialized alike, whether they were read from a token or are about to be written
        // to one.
        context.update(&serde_json::to_vec(claims)?);
        let mut tag = [0; TAG];
        for (byte, whole) in tag.iter_mut().zip(context.sign().as_ref()) {
            *byte = *whole;
        }
        Ok(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> AccessTokenClaims {
        AccessTokenClaims {
            iss: "https://a".to_owned(),
            aud: vec!["https://a".to_owned(), "orders".to_owned()],
            sub: "alice".to_owned(),
            uid: 1,
            sid: 2,
            scope: "user".to_owned(),
            iat: 3,
            exp: 4,
            nbf: None,
            auth_time: 5,
            jti: String::new(),
        }
    }

    #[test]
    fn a_tag_is_worth_something_with_its_own_claims_alone() {
        let key = TagKey::new(b"a secret of the installation");
        let genuine = key.tagged(claims(), [7; NONCE]).unwrap();

        assert!(key.is_ours(&genuine));
        let changes: [fn(&mut AccessTokenClaims); 12] = [
            |claims| claims.iss.push('/'),
            |claims| drop(claims.aud.pop()),
            |claims| claims.aud = vec!["https://a/admin".to_owned()],
            |claims| claims.sub.push('a'),
            |claims| claims.uid += 1,
            |claims| claims.sid += 1,
            |claims| claims.scope.push_str(" admin"),
            |claims| claims.iat += 1,
            |claims| claims.exp += 1,
            |claims| claims.nbf = Some(0),
            |claims| claims.auth_time += 1,
            |claims| claims.jti = BASE64_URL_SAFE_NO_PAD.encode([7; NONCE + TAG]),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut forged = genuine.clone();
            change(&mut forged);
            assert!(!key.is_ours(&forged), "change {number}");
        }
        assert!(!TagKey::new(b"another").is_ours(&genuine));
    }

    #[test]
    fn the_newest_version_that_is_used_tags_and_the_tags_of_all_are_ours() {
        let row = |version, used_from| SecretVersion {
            version,
            value: zeroize::Zeroizing::new(vec![version; 32]),
            used_from: Timestamp::from_millis(used_from),
        };
        let (both, last) = (TagKeys::new(&[row(0, 0), row(1, 100)]), TagKeys::new(&[row(1, 100)]));
        let tagged = |now| {
            let key = both.newest(Timestamp::from_millis(now)).unwrap();
            key.tagged(claims(), [7; NONCE]).unwrap()
        };

        let (old, new) = (tagged(99), tagged(100));

        assert!(both.are_ours(&old) && both.are_ours(&new));
        assert!(!last.are_ours(&old) && last.are_ours(&new));
        assert!(
            !TagKeys::new(&[]).are_ours(&new)
                && TagKeys::new(&[]).newest(Timestamp::from_millis(0)).is_none()
        );
    }

    #[test]
    fn what_is_no_jti_of_ours_is_refused() {
        let key = TagKey::new(b"a secret of the installation");
        let genuine = key.tagged(claims(), [7; NONCE]).unwrap().jti;

        for jti in [String::new(), "é".to_owned(), genuine[..42].to_owned(), format!("{genuine}A")] {
            assert!(!key.is_ours(&AccessTokenClaims { jti: jti.clone(), ..claims() }), "{jti}");
        }
        for length in [0, NONCE - 1, NONCE, NONCE + TAG - 1, NONCE + TAG + 1] {
            let jti = BASE64_URL_SAFE_NO_PAD.encode(vec![7; length]);
            assert!(!key.is_ours(&AccessTokenClaims { jti, ..claims() }), "{length}");
        }
    }
}
