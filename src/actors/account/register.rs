//! Creating an account: for oneself, or for somebody else.

use std::time::Duration;

use actix::Message;

use super::{ActorError, CheckError, Dependencies, UseCase, error::impl_from_actor_errors};
use crate::{
    actors::{
        db::{FindNameConflict, InsertUser, NameConflict},
        password::{FlowKey, HashPassword, QueueFull},
        throttle::ThrottleError,
    },
    domain::{Email, InvalidPassword, NewPassword, Registration, RequestOrigin, Role, User, Username},
    metrics,
};

/// Creates a user who asks for it, where registration is open.
#[derive(Debug, Message)]
#[rtype(result = "Result<User, RegisterError>")]
pub struct Register {
    /// Their e-mail address.
    pub email: Email,
    /// Their name.
    pub username: Username,
    /// Their password.
    pub password: NewPassword,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

/// Creates a user on behalf of whoever administers, whether registration is open or not. Nobody's right to
/// do so is checked: it is for applications that embed Sekisho.
#[derive(Debug, Message)]
#[rtype(result = "Result<User, RegisterError>")]
pub struct AddUser {
    /// Their e-mail address.
    pub email: Email,
    /// Their name.
    pub username: Username,
    /// Their password.
    pub password: NewPassword,
    /// What they may do.
    pub role: Role,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

/// Why there is no new user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// People cannot make accounts for themselves.
    #[error("registration is closed")]
    Closed,
    /// The password may not be set.
    #[error(transparent)]
    InvalidPassword(#[from] InvalidPassword),
    /// Somebody has the e-mail address or the username.
    #[error(transparent)]
    NameConflict(#[from] NameConflict),
    /// The client's network has registered, or tried to, too often.
    #[error("too many registrations from this network")]
    Throttled {
        /// When the next is allowed.
        retry_after: Duration,
    },
    /// Too many others wait for a hash.
    #[error("too many logins are waiting")]
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// An actor failed.
    #[error(transparent)]
    Actor(#[from] ActorError),
}

impl_from_actor_errors!(RegisterError);

impl From<CheckError> for RegisterError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Throttled { retry_after } => Self::Throttled { retry_after },
            CheckError::Busy { retry_after } => Self::Busy { retry_after },
            CheckError::Actor(error) => error.into(),
        }
    }
}

impl From<QueueFull> for RegisterError {
    fn from(QueueFull { retry_after }: QueueFull) -> Self {
        Self::Busy { retry_after }
    }
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
        AddUser { email, username, password, role: Role::User, origin }.run(deps).await
    }
}

impl UseCase for AddUser {
    type Answer = User;
    type Error = RegisterError;

    async fn run(self, deps: &Dependencies) -> Result<User, RegisterError> {
        deps.rules.password.check(&self.password, &[self.username.as_str(), self.email.as_str()])?;
        let find = FindNameConflict { email: self.email.clone(), username: self.username.clone() };
        if let Some(conflict) = deps.db.ask(find).await? {
            return Err(conflict.into());
        }
        let slot = deps.passwords.slot(FlowKey::registration(&self.origin)).await?;
        let hash = HashPassword { password: self.password };
        let (password_hash, slot) = deps.passwords.ask(slot, hash).await?;
        drop(slot);
        let insert = InsertUser {
            email: self.email,
            username: self.username,
            password_hash,
            role: self.role,
            now: deps.clock.now(),
        };
        Ok(deps.db.ask(insert).await??)
    }
}

/// Counts an attempt to have a name against the client's network, whatever will come of it: before anybody
/// looks whether the name is taken, since that tells who has an account.
pub(super) async fn count_registration(
    deps: &Dependencies,
    origin: &RequestOrigin,
) -> Result<(), CheckError> {
    let counted = deps.throttle.count_registration(origin.ip).await;
    if let Err(ThrottleError::Throttled { .. }) = counted {
        metrics::registration_throttled();
    }
    Ok(counted?)
}
