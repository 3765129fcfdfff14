//! Deleting the caller's account.

use actix::Message;

use super::{OwnAccountError, confirm::confirm};
use crate::{
    actors::{
        account::{Dependencies, UseCase, session::authenticate_owner},
        db::DeleteUser,
    },
    domain::{AccessToken, Password, RequestOrigin},
};

/// Deletes the caller's account. All its sessions end, and the username is never given to another user.
///
/// The token needs the scope `user` ([`OwnAccountError::Authenticate`]). [`OwnAccountError::WrongPassword`]
/// if the current password is wrong, and [`OwnAccountError::Check`] if the throttle or the queue refuses to
/// check it. [`OwnAccountError::Refused`] if no administrator would be left.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), OwnAccountError>")]
pub struct DeleteAccount {
    /// The caller's access token.
    pub token: AccessToken,
    /// The caller's password.
    pub password: Password,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for DeleteAccount {
    type Answer = ();
    type Error = OwnAccountError;

    async fn run(self, deps: &Dependencies) -> Result<(), OwnAccountError> {
        let caller = authenticate_owner(deps, self.token).await?;
        let credentials = confirm(deps, &caller, self.password, &self.origin).await?;
        let delete = DeleteUser { id: caller.user.id, expected: Some(credentials.password_version) };
        Ok(deps.db.ask(delete, &caller.context(deps, &self.origin)).await??)
    }
}
