//! Ending one of the caller's sessions.

use actix::Message;

use super::{AuthenticateError, authenticate::authenticate_owner};
use crate::{
    actors::{
        account::{ActorError, Dependencies, UseCase},
        db::EndSession,
    },
    domain::{AccessToken, EndReason, RequestOrigin, SessionId},
};

/// Ends one of the caller's sessions.
///
/// The token needs the scope `user`; see [`AuthenticateError`]. [`OwnSessionError::NotFound`] if the caller
/// has no such live session.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), OwnSessionError>")]
pub struct EndOwnSession {
    /// The caller's access token.
    pub token: AccessToken,
    /// The session to end.
    pub id: SessionId,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for EndOwnSession {
    type Answer = ();
    type Error = OwnSessionError;

    async fn run(self, deps: &Dependencies) -> Result<(), OwnSessionError> {
        let caller = authenticate_owner(deps, self.token).await?;
        let context = caller.context(deps, &self.origin);
        let end = EndSession { id: self.id, owner: Some(caller.user.id), reason: EndReason::Revoked };
        if deps.db.ask(end, &context).await? { Ok(()) } else { Err(OwnSessionError::NotFound) }
    }
}

/// Why a session was not ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OwnSessionError {
    /// The caller could not be authenticated.
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    /// The caller has no live session with this number.
    #[error("there is no such session")]
    NotFound,
    /// An actor failed.
    #[error(transparent)]
    Actor(ActorError),
}

impl<E: Into<ActorError>> From<E> for OwnSessionError {
    fn from(error: E) -> Self {
        Self::Actor(error.into())
    }
}
