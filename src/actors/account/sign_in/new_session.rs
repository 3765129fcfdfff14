//! A new session, before it is written.

use crate::{
    actors::{
        account::Dependencies,
        db::OpenSession,
        token::{NewRefreshSecret, RefreshSecret, TokenError},
    },
    domain::{PasswordVersion, RequestOrigin, Scope, UserId},
};

/// Prepares a session for a user whose password was just verified, and its first refresh secret.
pub(in crate::actors::account) async fn new_session(
    deps: &Dependencies,
    user_id: UserId,
    verified: PasswordVersion,
    scope: Scope,
    origin: RequestOrigin,
) -> Result<(OpenSession, RefreshSecret), TokenError> {
    let secret = deps.tokens.ask(NewRefreshSecret).await?;
    let now = deps.clock.now();
    let open = OpenSession {
        user_id,
        expected: verified,
        refresh_hash: secret.hash(),
        refresh_version: secret.version(),
        scope,
        origin,
        now,
        expires_at: deps.rules.sessions.expires_at(now, now),
    };
    Ok((open, secret))
}
