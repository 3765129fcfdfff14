//! Who is asking?

use actix::Message;

use super::{Desk, Failure, UseCase, error::may_fail};
use crate::{
    actors::{
        db::ActiveKey,
        token::{InvalidToken, VerifyAccessToken},
    },
    domain::{AccessToken, Scope, SessionId, Timestamp, User},
};

/// Finds out who presents an access token.
#[derive(Debug, Message)]
#[rtype(result = "Result<Caller, AuthenticateError>")]
pub struct Authenticate {
    /// The token.
    pub token: AccessToken,
}

/// Somebody with a valid token, a live session and an enabled account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user: User,
    /// In which session.
    pub session_id: SessionId,
    /// What the token allows, and the role still does.
    pub scope: Scope,
    /// When they gave their password: at the session's beginning, to the second.
    pub authenticated_at: Timestamp,
}

/// Why it is not known who is asking.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    /// The token itself is no good.
    #[error("the token is invalid: {0}")]
    InvalidToken(InvalidToken),
    /// Its session has ended, or its user is disabled or deleted.
    #[error("the session has ended")]
    Ended,
    /// An actor failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

may_fail!(AuthenticateError);

impl UseCase for Authenticate {
    type Answer = Caller;
    type Error = AuthenticateError;

    async fn run(self, desk: &Desk) -> Result<Caller, AuthenticateError> {
        authenticate(desk, self.token).await
    }
}

/// The beginning of every use case that needs to know who asks.
pub(super) async fn authenticate(desk: &Desk, token: AccessToken) -> Result<Caller, AuthenticateError> {
    let granted =
        desk.tokens.ask(VerifyAccessToken { token }).await?.map_err(AuthenticateError::InvalidToken)?;
    let key = ActiveKey { user_id: granted.user_id, session_id: granted.session_id, now: desk.clock.now() };
    let user = desk.lookups.ask(key).await?.ok_or(AuthenticateError::Ended)?;
    let scope = granted.scope.intersection(Scope::of(user.role));
    Ok(Caller { user, session_id: granted.session_id, scope, authenticated_at: granted.authenticated_at })
}
