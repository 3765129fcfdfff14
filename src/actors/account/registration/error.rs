//! Why a user was not created.

use std::time::Duration;

use crate::{
    actors::{
        account::{ActorError, CheckError, error::impl_from_actor_errors},
        db::NameConflict,
        password::QueueFull,
    },
    domain::InvalidPassword,
};

/// Why a user was not created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// Registration is closed.
    #[error("registration is closed")]
    Closed,
    /// The password breaks the policy.
    #[error(transparent)]
    InvalidPassword(#[from] InvalidPassword),
    /// Another user has the e-mail address or the username.
    #[error(transparent)]
    NameConflict(#[from] NameConflict),
    /// The client's network has tried to register too often.
    #[error("too many registrations from this network")]
    Throttled {
        /// The time until the next registration is allowed.
        retry_after: Duration,
    },
    /// The queue for hash slots is full.
    #[error("too many logins are waiting")]
    Busy {
        /// The time after which a retry is worthwhile.
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
