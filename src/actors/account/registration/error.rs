//! Why there is no new user.

use std::time::Duration;

use crate::{
    actors::{
        account::{ActorError, CheckError, error::impl_from_actor_errors},
        db::NameConflict,
        password::QueueFull,
    },
    domain::InvalidPassword,
};

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
