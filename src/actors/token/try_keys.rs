//! Checks that a keyring can verify what it signs.

use std::time::Duration;

use super::{
    Keyring, TokenError,
    access::{AccessTokenSpec, TokenCache, sign},
};
use crate::domain::{Random, Scope, SessionId, Timestamp, User};

/// Signs a token with the keyring's current key and verifies it. It is used to test the keys of a backup.
///
/// # Errors
///
/// If there is no key, or its signature does not verify.
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
