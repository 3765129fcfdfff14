//! Showing a user's sessions.

use actix::Message;

use super::{AdminError, authorize::authorize};
use crate::{
    actors::{
        account::{Dependencies, UseCase, session::list_sessions},
        db::{ChangeRefused, FindUser},
    },
    domain::{AccessToken, RequestOrigin, Session, UserId},
};

/// Lists a user's sessions, including those that ended recently.
///
/// The caller needs the role and the scope `admin` ([`AdminError::Forbidden`]). [`AdminError::Refused`] if
/// there is no such user.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Session>, AdminError>")]
pub struct ShowSessionsOfUser {
    /// The administrator's access token.
    pub token: AccessToken,
    /// The user whose sessions are listed.
    pub id: UserId,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for ShowSessionsOfUser {
    type Answer = Vec<Session>;
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<Vec<Session>, AdminError> {
        let caller = authorize(deps, self.token).await?;
        let context = caller.context(deps, &self.origin);
        deps.db.ask(FindUser { id: self.id }, &context).await?.ok_or(ChangeRefused::NotFound)?;
        Ok(list_sessions(deps, self.id, true, &context).await?)
    }
}
