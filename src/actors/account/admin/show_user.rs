//! Showing a user.

use actix::Message;

use super::{AdminError, authorize::authorize};
use crate::{
    actors::{
        account::{Dependencies, UseCase},
        db::{ChangeRefused, FindUser},
    },
    domain::{AccessToken, RequestOrigin, User, UserId},
};

/// Shows one user.
///
/// The caller needs the role and the scope `admin` ([`AdminError::Forbidden`]). [`AdminError::Refused`] if
/// there is no such user.
#[derive(Debug, Message)]
#[rtype(result = "Result<User, AdminError>")]
pub struct ShowUser {
    /// The administrator's access token.
    pub token: AccessToken,
    /// The user to show.
    pub id: UserId,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for ShowUser {
    type Answer = User;
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<User, AdminError> {
        let caller = authorize(deps, self.token).await?;
        let context = caller.context(deps, &self.origin);
        Ok(deps.db.ask(FindUser { id: self.id }, &context).await?.ok_or(ChangeRefused::NotFound)?)
    }
}
