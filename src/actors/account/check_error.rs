//! Why a password could not be checked, or no hash be computed.

use std::time::Duration;

use super::ActorError;
use crate::actors::{
    Unreachable,
    password::{PasswordError, QueueFull},
    throttle::ThrottleError,
};

/// When it is worth trying again, where nobody can say.
pub(super) const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a password was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Too many wrong ones before it.
    #[error("too many failed attempts")]
    Throttled {
        /// When the next attempt is allowed.
        retry_after: Duration,
    },
    /// Too many others wait.
    #[error("too many logins are waiting")]
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// An actor failed.
    #[error(transparent)]
    Actor(#[from] ActorError),
}

impl From<Unreachable> for CheckError {
    fn from(error: Unreachable) -> Self {
        Self::Actor(error.into())
    }
}

impl From<ThrottleError> for CheckError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Unreachable(error) => error.into(),
            ThrottleError::Throttled { retry_after } | ThrottleError::StrangersThrottled { retry_after } => {
                Self::Throttled { retry_after }
            }
            ThrottleError::TooManyWaiting => Self::Busy { retry_after: DEFAULT_RETRY_AFTER },
        }
    }
}

impl From<QueueFull> for CheckError {
    fn from(QueueFull { retry_after }: QueueFull) -> Self {
        Self::Busy { retry_after }
    }
}

impl From<PasswordError> for CheckError {
    fn from(error: PasswordError) -> Self {
        Self::Actor(error.into())
    }
}
