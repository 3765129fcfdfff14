//! Listing the caller's sessions.

use actix::Message;

use super::{AuthenticateError, authenticate::authenticate_owner, list::list_sessions};
use crate::{
    actors::account::{Dependencies, UseCase},
    domain::{AccessToken, RequestOrigin, Session, SessionId},
};

/// Lists the caller's sessions, the newest first, and marks the current one.
///
/// The token needs the scope `user`; see [`AuthenticateError`].
#[derive(Debug, Message)]
#[rtype(result = "Result<(Vec<Session>, SessionId), AuthenticateError>")]
pub struct ListOwnSessions {
    /// The caller's access token.
    pub token: AccessToken,
    /// Whether to include sessions that ended recently.
    pub with_ended: bool,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for ListOwnSessions {
    type Answer = (Vec<Session>, SessionId);
    type Error = AuthenticateError;

    async fn run(self, deps: &Dependencies) -> Result<Self::Answer, AuthenticateError> {
        let caller = authenticate_owner(deps, self.token).await?;
        let sessions =
            list_sessions(deps, caller.user.id, self.with_ended, &caller.context(deps, &self.origin)).await?;
        Ok((sessions, caller.session_id))
    }
}
