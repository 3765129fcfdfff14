//! Showing a user.

use actix::Message;

use super::{AdminError, authorize::authorize};
use crate::{
    actors::{
        account::{Dependencies, UseCase},
        db::FindUser,
    },
    domain::{AccessToken, User, UserId},
};

/// Shows one user.
#[derive(Debug, Message)]
#[rtype(result = "Result<User, AdminError>")]
pub struct ShowUser {
    /// Who asks.
    pub token: AccessToken,
    /// About whom.
    pub id: UserId,
}

impl UseCase for ShowUser {
    type Answer = User;
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<User, AdminError> {
        authorize(deps, self.token).await?;
        deps.db.ask(FindUser { id: self.id }).await?.ok_or(AdminError::NotFound)
    }
}
