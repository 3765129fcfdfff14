//! Why a password is neither checked nor hashed.

use std::time::Duration;

use super::ActorError;
use crate::actors::{password::QueueFull, throttle::ThrottleError};

/// When to retry if no better estimate is known.
pub(super) const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a password was neither checked nor hashed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The throttle refused the attempt because of earlier failures, or of the network's registrations.
    #[error("too many attempts")]
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
    Actor(ActorError),
}

impl<E: Into<ActorError>> From<E> for CheckError {
    fn from(error: E) -> Self {
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
