//! Creating an account for another user.

use actix::Message;

use super::RegisterError;
use crate::{
    actors::{
        account::{CheckError, Dependencies, UseCase},
        db::{FindNameConflict, InsertUser},
        password::{FlowKey, HashPassword},
    },
    domain::{Email, NewPassword, Principal, RequestOrigin, Role, User, Username},
};

/// Creates a user, whether registration is open or not. It does not check who asks: it is for applications
/// that embed Sekisho.
///
/// [`RegisterError::InvalidPassword`] if this user may not have the password,
/// [`RegisterError::NameConflict`] if the e-mail address or the username is taken, and
/// [`RegisterError::Check`] if too many passwords wait to be hashed.
#[derive(Debug, Message)]
#[rtype(result = "Result<User, RegisterError>")]
pub struct AddUser {
    /// The new user's e-mail address.
    pub email: Email,
    /// The new user's username.
    pub username: Username,
    /// The new user's password.
    pub password: NewPassword,
    /// The new user's role.
    pub role: Role,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for AddUser {
    type Answer = User;
    type Error = RegisterError;

    async fn run(self, deps: &Dependencies) -> Result<User, RegisterError> {
        self.create(Principal::Operator, deps).await
    }
}

impl AddUser {
    /// Creates the user on behalf of a principal.
    pub(super) async fn create(
        self,
        principal: Principal,
        deps: &Dependencies,
    ) -> Result<User, RegisterError> {
        deps.rules.password.check(&self.password, &[self.username.as_str(), self.email.as_str()])?;
        let find = FindNameConflict { email: self.email.clone(), username: self.username.clone() };
        if let Some(conflict) = deps.db.ask(find, &deps.context(principal, &self.origin)).await? {
            return Err(conflict.into());
        }
        let slot =
            deps.passwords.slot(FlowKey::registration(&self.origin)).await.map_err(CheckError::from)?;
        let hash = HashPassword { password: self.password };
        let (password_hash, slot) = deps.passwords.ask(slot, hash).await?;
        drop(slot);
        let insert =
            InsertUser { email: self.email, username: self.username, password_hash, role: self.role };
        Ok(deps.db.ask(insert, &deps.context(principal, &self.origin)).await??)
    }
}
