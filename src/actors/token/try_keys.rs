//! Whether a keyring can sign what it verifies.

use std::time::Duration;

use super::{
    Keyring, TokenError,
    access::{AccessTokenSpec, TokenCache, sign},
};
use crate::domain::{Random, Scope, SessionId, Timestamp, User};

/// Signs a token with the keyring's current key and verifies it, as a backup's keys are tried.
///
/// # Errors
///
/// When there is no key, or what it signs does not verify.
pub fn try_keys(keyring: &Keyring, user: &User, now: Timestamp, random: &Random) -> Result<(), TokenError> {
    let spec = AccessTokenSpec {
        user,
        session_id: SessionId(0),
        scope: Scope::of(user.role),
        authenticated_at: now,
        issued_at: now,
        lifetime: Duration::from_mins(1),
        nonce: random.bytes()?,
    };
    let token = sign(keyring, &spec)?;
    let verified = TokenCache::default().verify(keyring, &token, now);
    verified.map(|_| ()).map_err(|error| TokenError::Signing(format!("the signature is {error}")))
}
