//! Ending a user's sessions.

use actix::Message;

use super::{AdminError, authorize::authorize};
use crate::{
    actors::{
        account::{Dependencies, UseCase},
        db::{ChangeRefused, EndUserSessions},
    },
    domain::{AccessToken, EndReason, RequestOrigin, UserId},
};

/// Ends all of a user's sessions.
///
/// The caller needs the role and the scope `admin` ([`AdminError::Forbidden`]). [`AdminError::Refused`] if
/// there is no such user.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), AdminError>")]
pub struct EndSessionsOfUser {
    /// The administrator's access token.
    pub token: AccessToken,
    /// The user whose sessions end.
    pub id: UserId,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for EndSessionsOfUser {
    type Answer = ();
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<(), AdminError> {
        let caller = authorize(deps, self.token).await?;
        let context = caller.context(deps, &self.origin);
        let end = EndUserSessions { user_id: self.id, except: None, reason: EndReason::RevokedByAdmin };
        deps.db.ask(end, &context).await?.ok_or(ChangeRefused::NotFound)?;
        Ok(())
    }
}
