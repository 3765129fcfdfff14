//! Changing a user.

use actix::Message;

use super::{AdminError, authorize::authorize_recent};
use crate::{
    actors::{
        account::{Dependencies, UseCase},
        db::UpdateUser,
    },
    domain::{AccessToken, RequestOrigin, User, UserChange, UserId},
};

/// Changes a user's role, state or e-mail address.
///
/// The caller needs the role and the scope `admin` ([`AdminError::Forbidden`]) and a recent login
/// ([`AdminError::NotRecent`]). [`AdminError::Refused`] if there is no such user, if another user has the
/// address, and if no administrator would be left.
#[derive(Debug, Message)]
#[rtype(result = "Result<User, AdminError>")]
pub struct ChangeUser {
    /// The administrator's access token.
    pub token: AccessToken,
    /// The user to change.
    pub id: UserId,
    /// The change to make.
    pub change: UserChange,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for ChangeUser {
    type Answer = User;
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<User, AdminError> {
        let caller = authorize_recent(deps, self.token).await?;
        let context = caller.context(deps, &self.origin);
        let update = UpdateUser { id: self.id, change: self.change };
        Ok(deps.db.ask(update, &context).await??)
    }
}
