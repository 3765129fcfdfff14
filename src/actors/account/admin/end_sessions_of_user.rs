//! Ending a user's sessions.

use actix::Message;

use super::{AdminError, authorize::authorize};
use crate::{
    actors::{
        account::{Dependencies, UseCase},
        db::EndUserSessions,
    },
    domain::{AccessToken, EndReason, UserId},
};

/// Ends all of a user's sessions.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), AdminError>")]
pub struct EndSessionsOfUser {
    /// Who asks.
    pub token: AccessToken,
    /// Whose.
    pub id: UserId,
}

impl UseCase for EndSessionsOfUser {
    type Answer = ();
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<(), AdminError> {
        authorize(deps, self.token).await?;
        let end = EndUserSessions {
            user_id: self.id,
            except: None,
            reason: EndReason::RevokedByAdmin,
            now: deps.clock.now(),
        };
        deps.db.ask(end).await?.map(|_| ()).ok_or(AdminError::NotFound)
    }
}
