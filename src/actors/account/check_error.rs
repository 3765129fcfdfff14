//! Why a password could not be checked, or a hash not be computed.

use std::time::Duration;

use super::ActorError;
use crate::actors::{
    Unreachable,
    password::{PasswordError, QueueFull},
    throttle::ThrottleError,
};

/// When to retry if no better estimate is known.
pub(super) const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a password was not checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The throttle refused the attempt because of earlier failures.
    #[error("too many failed attempts")]
    Throttled {
        /// The time until the next attempt is allowed.
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
