//! Changing the caller's e-mail address.

use actix::Message;

use super::{OwnAccountError, confirm::confirm};
use crate::{
    actors::{
        account::{Dependencies, UseCase, registration::count_registration, session::authenticate_owner},
        db::SetEmail,
    },
    domain::{AccessToken, Email, Password, RequestOrigin, User},
};

/// Changes the caller's e-mail address, which is a login name.
///
/// The token needs the scope `user` ([`OwnAccountError::Authenticate`]). [`OwnAccountError::WrongPassword`]
/// if the current password is wrong, and [`OwnAccountError::Check`] if the throttle or the queue refuses to
/// check it. [`OwnAccountError::Refused`] if another user has the address. It counts as a registration of
/// the client's network.
#[derive(Debug, Message)]
#[rtype(result = "Result<User, OwnAccountError>")]
pub struct ChangeEmail {
    /// The caller's access token.
    pub token: AccessToken,
    /// The new address.
    pub email: Email,
    /// The caller's password.
    pub password: Password,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for ChangeEmail {
    type Answer = User;
    type Error = OwnAccountError;

    async fn run(self, deps: &Dependencies) -> Result<User, OwnAccountError> {
        let caller = authenticate_owner(deps, self.token).await?;
        // The answer reveals whether the address is taken, like that of a registration.
        count_registration(deps, &self.origin).await?;
        let credentials = confirm(deps, &caller, self.password, &self.origin).await?;
        let set = SetEmail { id: caller.user.id, expected: credentials.password_version, email: self.email };
        Ok(deps.db.ask(set, &caller.context(deps, &self.origin)).await??)
    }
}
