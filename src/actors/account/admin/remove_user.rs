//! Deleting a user.

use actix::Message;

use super::{AdminError, authorize::authorize_recent};
use crate::{
    actors::{
        account::{Dependencies, UseCase},
        db::DeleteUser,
    },
    domain::{AccessToken, RequestOrigin, UserId},
};

/// Deletes a user.
///
/// The caller needs the role and the scope `admin` ([`AdminError::Forbidden`]) and a recent login
/// ([`AdminError::NotRecent`]). [`AdminError::Refused`] if there is no such user, and if no
/// administrator would be left.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), AdminError>")]
pub struct RemoveUser {
    /// The administrator's access token.
    pub token: AccessToken,
    /// The user to delete.
    pub id: UserId,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for RemoveUser {
    type Answer = ();
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<(), AdminError> {
        let caller = authorize_recent(deps, self.token).await?;
        let context = caller.context(deps, &self.origin);
        let delete = DeleteUser { id: self.id, expected: None };
        Ok(deps.db.ask(delete, &context).await??)
    }
}
