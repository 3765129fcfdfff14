//! Preparing a new session.

use crate::{
    actors::{account::Dependencies, db::OpenSession, token::RefreshSecret},
    domain::{PasswordVersion, Scope, Timestamp, UserId},
};

/// A session that begins now, for a user whose password was just verified.
pub(in crate::actors::account) fn new_session(
    deps: &Dependencies,
    (user_id, verified): (UserId, PasswordVersion),
    scope: Scope,
    secret: &RefreshSecret,
    now: Timestamp,
) -> OpenSession {
    OpenSession {
        user_id,
        expected: verified,
        refresh_hash: secret.hash(),
        refresh_version: secret.version(),
        scope,
        expires_at: deps.rules.sessions.expires_at(now, now),
    }
}
