//! Registering: a user creates their own account.

use actix::Message;

use super::{AddUser, RegisterError, count::count_registration};
use crate::{
    actors::account::{Dependencies, UseCase},
    domain::{Email, NewPassword, Principal, Registration, RequestOrigin, Role, User, Username},
};

/// Registers a user, if registration is open.
#[derive(Debug, Message)]
#[rtype(result = "Result<User, RegisterError>")]
pub struct Register {
    /// The new user's e-mail address.
    pub email: Email,
    /// The new user's username.
    pub username: Username,
    /// The new user's password.
    pub password: NewPassword,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for Register {
    type Answer = User;
    type Error = RegisterError;

    async fn run(self, deps: &Dependencies) -> Result<User, RegisterError> {
        match deps.rules.registration {
            Registration::Open => {}
            Registration::Closed => return Err(RegisterError::Closed),
        }
        count_registration(deps, &self.origin).await?;
        let Self { email, username, password, origin } = self;
        AddUser { email, username, password, role: Role::User, origin }
            .create(Principal::Anonymous, deps)
            .await
    }
}
