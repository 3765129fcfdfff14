//! Access tokens: JWTs (RFC 7519) signed with the keyring's current key.

use std::{collections::HashMap, time::Duration};

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Header, Validation,
    crypto::{JwtSigner, aws_lc::DEFAULT_PROVIDER},
    decode, decode_header,
};
use quick_cache::unsync::Cache;
use serde_json::json;

use super::{
    TokenError,
    key::{Key, jwt_algorithm},
    keyring::Keyring,
};
use crate::domain::{AccessToken, Claims, Scope, SessionId, Timestamp, User, UserId};

/// What a valid access token grants, as far as the token alone can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// To whom.
    pub user_id: UserId,
    /// In which session, which may have ended since.
    pub session_id: SessionId,
    /// What.
    pub scope: Scope,
}

/// Why an access token is refused. Clients are not told which it was; the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// It is no JWT of ours.
    #[error("malformed")]
    Malformed,
    /// It names no key that may verify now.
    #[error("unknown key")]
    UnknownKey,
    /// Its `alg` is not its key's, its signature is wrong, or its issuer is another.
    #[error("forged")]
    Forged,
    /// It demands something of its verifier (RFC 7515, section 4.1.11) that we do not understand.
    #[error("critical header")]
    Critical,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Its time has not come.
    #[error("not yet valid")]
    NotYetValid,
}

/// What stands in a token that is to be signed.
pub(super) struct Grant<'a> {
    pub(super) user: &'a User,
    pub(super) session_id: SessionId,
    pub(super) scope: Scope,
    pub(super) issued_at: Timestamp,
    pub(super) lifetime: Duration,
    pub(super) jti: [u8; 16],
}

/// The parsed private keys of one worker: reading one costs more than a signature.
#[derive(Default)]
pub(super) struct Signers {
    by_kid: HashMap<String, Prepared>,
}

struct Prepared {
    header: String,
    signer: Box<dyn JwtSigner>,
}

impl Signers {
    /// Signs a token with the key that signs at the time of issue.
    pub(super) fn sign(&mut self, keyring: &Keyring, grant: &Grant<'_>) -> Result<AccessToken, TokenError> {
        let key = keyring.signer(grant.issued_at).ok_or(TokenError::NoSigningKey)?;
        if !self.by_kid.contains_key(&key.kid) {
            self.by_kid.insert(key.kid.clone(), prepare(key)?);
        }
        let prepared = self.by_kid.get(&key.kid).ok_or(TokenError::NoSigningKey)?;
        let iat = grant.issued_at.as_seconds();
        let claims = Claims {
            iss: keyring.issuer().to_owned(),
            sub: grant.user.username.as_str().to_owned(),
            uid: grant.user.id.0,
            sid: grant.session_id.0,
            scope: grant.scope.as_str().to_owned(),
            iat,
            exp: iat.saturating_add_unsigned(grant.lifetime.as_secs()),
            nbf: None,
            jti: BASE64_URL_SAFE_NO_PAD.encode(grant.jti),
        };
        let failed = |error: &dyn std::fmt::Display| TokenError::Signing(error.to_string());
        let claims = serde_json::to_vec(&claims).map_err(|error| failed(&error))?;
        let mut token = format!("{}.{}", prepared.header, BASE64_URL_SAFE_NO_PAD.encode(claims));
        let signature = prepared.signer.try_sign(token.as_bytes()).map_err(|error| failed(&error))?;
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(AccessToken::new(token))
    }
}

fn prepare(key: &Key) -> Result<Prepared, TokenError> {
    let header = json!({ "typ": "JWT", "alg": key.algorithm.as_str(), "kid": key.kid });
    let signer = (DEFAULT_PROVIDER.signer_factory)(&jwt_algorithm(key.algorithm), &key.encoding)
        .map_err(|error| TokenError::Signing(error.to_string()))?;
    Ok(Prepared { header: BASE64_URL_SAFE_NO_PAD.encode(header.to_string()), signer })
}

/// Tokens that were verified before, by the SHA-256 of the whole token.
///
/// An asymmetric signature costs more than the rest of a request; a client sends the same token
/// many times. An entry is trusted only while the token and its key are valid, and the cache is
/// dropped with its keyring.
pub(super) struct VerifiedTokens(Cache<[u8; 32], Verified>);

#[derive(Clone, Copy)]
struct Verified {
    granted: Granted,
    not_before: i64,
    expires: i64,
    key_verifies_until: Option<Timestamp>,
}

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self(Cache::new(10_000))
    }
}

impl VerifiedTokens {
    /// Verifies a token, from memory where it was verified before.
    pub(super) fn verify(
        &mut self,
        keyring: &Keyring,
        token: &AccessToken,
        now: Timestamp,
    ) -> Result<Granted, InvalidToken> {
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

impl Verified {
    fn at(self, now: Timestamp) -> Result<Granted, InvalidToken> {
        if now.as_seconds() >= self.expires {
            return Err(InvalidToken::Expired);
        }
        if now.as_seconds() < self.not_before {
            return Err(InvalidToken::NotYetValid);
        }
        Ok(self.granted)
    }
}

/// Checks everything that does not depend on the time, but for the key's own.
fn verify(keyring: &Keyring, token: &AccessToken, now: Timestamp) -> Result<Verified, InvalidToken> {
    let Header { alg, kid, crit, .. } = decode_header(token.expose()).map_err(|_| InvalidToken::Malformed)?;
    if crit.is_some() {
        return Err(InvalidToken::Critical);
    }
    // The key is chosen by name alone, and its algorithm is the key's own: a token has no say in
    // how it is verified.
    let key = kid.and_then(|kid| keyring.verifier(&kid, now)).ok_or(InvalidToken::UnknownKey)?;
    let algorithm = jwt_algorithm(key.algorithm);
    if alg != algorithm {
        return Err(InvalidToken::Forged);
    }
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[keyring.issuer()]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    // The time is the caller's, not the library's.
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = decode::<Claims>(token.expose(), &key.decoding, &validation)
        .map_err(|_| InvalidToken::Forged)?
        .claims;
    let scope = Scope::parse(&claims.scope).map_err(|_| InvalidToken::Malformed)?;
    Ok(Verified {
        granted: Granted { user_id: UserId(claims.uid), session_id: SessionId(claims.sid), scope },
        not_before: claims.nbf.unwrap_or(i64::MIN),
        expires: claims.exp,
        key_verifies_until: key.verifies_until,
    })
}
