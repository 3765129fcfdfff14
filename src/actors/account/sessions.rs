//! People's own sessions: where am I logged in, and out with the others.

use actix::Message;

use super::{
    ActorError, AuthenticateError, Dependencies, UseCase, authenticate::authenticate_owner,
    error::impl_from_actor_errors,
};
use crate::{
    actors::db::{DbError, EndSession, EndUserSessions, ListSessions},
    domain::{AccessToken, EndReason, Session, SessionId, UserId},
};

/// Lists the caller's sessions, the newest first, and says which is the caller's.
#[derive(Debug, Message)]
#[rtype(result = "Result<(Vec<Session>, SessionId), AuthenticateError>")]
pub struct ListOwnSessions {
    /// Who asks.
    pub token: AccessToken,
    /// Whether to list those that ended lately, too.
    pub with_ended: bool,
}

impl UseCase for ListOwnSessions {
    type Answer = (Vec<Session>, SessionId);
    type Error = AuthenticateError;

    async fn run(self, deps: &Dependencies) -> Result<Self::Answer, AuthenticateError> {
        let caller = authenticate_owner(deps, self.token).await?;
        let sessions = list_sessions(deps, caller.user.id, self.with_ended).await?;
        Ok((sessions, caller.session_id))
    }
}

/// A user's sessions as they are told.
pub(super) async fn list_sessions(
    deps: &Dependencies,
    user_id: UserId,
    with_ended: bool,
) -> Result<Vec<Session>, DbError> {
    let now = deps.clock.now();
    let sessions = deps.db.ask(ListSessions { user_id, with_ended, now }).await?;
    Ok(sessions.into_iter().map(|session| session.as_told(&deps.rules.sessions, now)).collect())
}

/// Why a session goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OwnSessionError {
    /// Who is asking is not known.
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    /// The caller has no live session of that number.
    #[error("there is no such session")]
    NotFound,
    /// An actor failed.
    #[error(transparent)]
    Actor(#[from] ActorError),
}

impl_from_actor_errors!(OwnSessionError);

/// Ends one of the caller's sessions.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), OwnSessionError>")]
pub struct EndOwnSession {
    /// Who asks.
    pub token: AccessToken,
    /// Which.
    pub id: SessionId,
}

impl UseCase for EndOwnSession {
    type Answer = ();
    type Error = OwnSessionError;

    async fn run(self, deps: &Dependencies) -> Result<(), OwnSessionError> {
        let caller = authenticate_owner(deps, self.token).await?;
        let end = EndSession {
            id: self.id,
            owner: Some(caller.user.id),
            reason: EndReason::Revoked,
            now: deps.clock.now(),
        };
        if deps.db.ask(end).await? { Ok(()) } else { Err(OwnSessionError::NotFound) }
    }
}

/// Ends all of the caller's sessions but the one that asks.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), AuthenticateError>")]
pub struct EndOtherSessions {
    /// Who asks.
    pub token: AccessToken,
}

impl UseCase for EndOtherSessions {
    type Answer = ();
    type Error = AuthenticateError;

    async fn run(self, deps: &Dependencies) -> Result<(), AuthenticateError> {
        let caller = authenticate_owner(deps, self.token).await?;
        let end = EndUserSessions {
            user_id: caller.user.id,
            except: Some(caller.session_id),
            reason: EndReason::Revoked,
            now: deps.clock.now(),
        };
        deps.db.ask(end).await?;
        Ok(())
    }
}
