//! Access tokens: JWTs (RFC 7519) signed with the keyring's current key.

use std::time::Duration;

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Header, Validation, decode, decode_header};
use quick_cache::unsync::Cache;
use serde_json::json;

use super::{TokenError, key::jwt_algorithm, keyring::Keyring};
use crate::domain::{AccessToken, AccessTokenClaims, Scope, SessionId, Timestamp, User, UserId};

/// The `typ` of access tokens (RFC 9068, section 2.1), so that no other JWT of Sekisho is taken for one.
const TYPE: &str = "at+jwt";

/// The verified contents of an access token. Only the database knows whether its session is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedToken {
    /// The user that the token was issued to.
    pub user_id: UserId,
    /// The session that the token belongs to; it may have ended since.
    pub session_id: SessionId,
    /// The scope that the token allows at Sekisho.
    pub scope: Scope,
    /// When the password was verified.
    pub authenticated_at: Timestamp,
}

/// Why an access token is refused. The reason is logged, but not told to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// It is not a JWT of Sekisho's form.
    #[error("malformed")]
    Malformed,
    /// Its `typ` is not that of an access token.
    #[error("not an access token")]
    WrongType,
    /// It names no key that may verify now.
    #[error("unknown key")]
    UnknownKey,
    /// Its `alg` is not its key's, its signature is wrong, or its issuer is another.
    #[error("forged")]
    Forged,
    /// It requires an extension of its verifier (RFC 7515, section 4.1.11) that Sekisho does not know.
    #[error("critical header")]
    Critical,
    /// It is only for other services.
    #[error("for another audience")]
    WrongAudience,
    /// It is signed with Sekisho's key, but Sekisho did not issue it.
    #[error("not issued by us")]
    NotIssued,
    /// It has expired.
    #[error("expired")]
    Expired,
    /// It is not valid yet.
    #[error("not yet valid")]
    NotYetValid,
}

/// The contents of an access token that is to be signed.
pub(super) struct AccessTokenSpec<'a> {
    pub(super) user: &'a User,
    pub(super) session_id: SessionId,
    pub(super) scope: Scope,
    pub(super) authenticated_at: Timestamp,
    pub(super) issued_at: Timestamp,
    pub(super) lifetime: Duration,
    pub(super) nonce: [u8; 16],
}

/// Signs a token with the key that signs at the time of issue.
pub(super) fn sign(keyring: &Keyring, spec: &AccessTokenSpec<'_>) -> Result<AccessToken, TokenError> {
    let key = keyring.signer(spec.issued_at).ok_or(TokenError::NoSigningKey)?;
    let iat = spec.issued_at.as_seconds();
    let claims = AccessTokenClaims {
        iss: keyring.issuer().to_owned(),
        aud: keyring.audiences().of(spec.scope).to_vec(),
        sub: spec.user.username.as_str().to_owned(),
        uid: spec.user.id.0,
        sid: spec.session_id.0,
        scope: spec.scope.to_string(),
        iat,
        exp: iat.saturating_add_unsigned(spec.lifetime.as_secs()),
        nbf: None,
        auth_time: spec.authenticated_at.as_seconds(),
        jti: String::new(),
    };
    let failed = |error: &dyn std::fmt::Display| TokenError::Signing(error.to_string());
    let tags = keyring.tags().newest(spec.issued_at).ok_or(TokenError::NoRefreshSecret)?;
    let claims = tags.tagged(claims, spec.nonce).and_then(|claims| serde_json::to_vec(&claims));
    let claims = claims.map_err(|error| failed(&error))?;
    let header = json!({ "typ": TYPE, "alg": key.algorithm.as_str(), "kid": key.kid });
    let mut token = BASE64_URL_SAFE_NO_PAD.encode(header.to_string());
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = key.sign(token.as_bytes()).map_err(|error| failed(&error))?;
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(AccessToken::new(token))
}

/// A cache of verified tokens, keyed by the SHA-256 of the whole token.
///
/// An asymmetric signature costs more than the rest of a request; a client sends the same token
/// many times. An entry is trusted only while the token and its key are valid, and the cache is
/// dropped with its keyring.
pub(super) struct TokenCache(Cache<[u8; 32], CachedToken>);

#[derive(Clone, Copy)]
struct CachedToken {
    token: VerifiedToken,
    not_before: i64,
    expires: i64,
    key_verifies_until: Option<Timestamp>,
}

impl Default for TokenCache {
    fn default() -> Self {
        Self(Cache::new(10_000))
    }
}

impl TokenCache {
    /// Verifies a token, or takes the result from the cache.
    pub(super) fn verify(
        &mut self,
        keyring: &Keyring,
        token: &AccessToken,
        now: Timestamp,
    ) -> Result<VerifiedToken, InvalidToken> {
        let mut hash = [0; digest::SHA256_OUTPUT_LEN];
        hash.copy_from_slice(digest::digest(&digest::SHA256, token.expose().as_bytes()).as_ref());
        if let Some(verified) = self.0.get(&hash)
            && verified.key_verifies_until.is_none_or(|until| now < until)
        {
            return verified.at(now);
        }
        let verified = verify(keyring, token, now)?;
        self.0.insert(hash, verified);
        verified.at(now)
    }
}

impl CachedToken {
    fn at(self, now: Timestamp) -> Result<VerifiedToken, InvalidToken> {
        if now.as_seconds() >= self.expires {
            return Err(InvalidToken::Expired);
        }
        if now.as_seconds() < self.not_before {
            return Err(InvalidToken::NotYetValid);
        }
        Ok(self.token)
    }
}

/// Checks everything that does not depend on the time, except how long the key verifies.
fn verify(keyring: &Keyring, token: &AccessToken, now: Timestamp) -> Result<CachedToken, InvalidToken> {
    let Header { typ, alg, kid, crit, .. } =
        decode_header(token.expose()).map_err(|_| InvalidToken::Malformed)?;
    if crit.is_some() {
        return Err(InvalidToken::Critical);
    }
    if typ.as_deref() != Some(TYPE) {
        return Err(InvalidToken::WrongType);
    }
    // The key is found only by its name, and it determines the algorithm. The token does not choose how it is
    // verified.
    let key = kid.and_then(|kid| keyring.verifier(&kid, now)).ok_or(InvalidToken::UnknownKey)?;
    let algorithm = jwt_algorithm(key.algorithm);
    if alg != algorithm {
        return Err(InvalidToken::Forged);
    }
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[keyring.issuer()]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    // The time is checked by the caller, because the library would read the system's clock.
    validation.validate_exp = false;
    // The audience is checked below, because the scope depends on it.
    validation.validate_aud = false;
    let claims = decode::<AccessTokenClaims>(token.expose(), &key.decoding, &validation)
        .map_err(|_| InvalidToken::Forged)?
        .claims;
    let scope = Scope::parse(&claims.scope).map_err(|_| InvalidToken::Malformed)?;
    let scope = keyring.audiences().admit(&claims.aud, scope).ok_or(InvalidToken::WrongAudience)?;
    if !keyring.tags().are_ours(&claims) {
        return Err(InvalidToken::NotIssued);
    }
    Ok(CachedToken {
        token: VerifiedToken {
            user_id: UserId(claims.uid),
            session_id: SessionId(claims.sid),
            scope,
            authenticated_at: Timestamp::from_seconds(claims.auth_time),
        },
        not_before: claims.nbf.unwrap_or(i64::MIN),
        expires: claims.exp,
        key_verifies_until: key.verifies_until,
    })
}
