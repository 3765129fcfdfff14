//! Deleting a user.

use actix::Message;

use super::{AdminError, authorize::authorize_recent};
use crate::{
    actors::{
        account::{Dependencies, UseCase},
        db::{DeleteRefused, DeleteUser},
    },
    domain::{AccessToken, UserId},
};

/// Deletes a user.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), AdminError>")]
pub struct RemoveUser {
    /// Who asks.
    pub token: AccessToken,
    /// Whom.
    pub id: UserId,
}

impl UseCase for RemoveUser {
    type Answer = ();
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<(), AdminError> {
        authorize_recent(deps, self.token).await?;
        let delete = DeleteUser { id: self.id, expected: None, now: deps.clock.now() };
        deps.db.ask(delete).await?.map_err(|refused| match refused {
            DeleteRefused::NotFound => AdminError::NotFound,
            DeleteRefused::LastAdmin => AdminError::LastAdmin,
        })
    }
}
