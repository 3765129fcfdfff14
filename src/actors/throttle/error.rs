//! Why the throttle refuses.

use std::time::Duration;

use crate::actors::Unreachable;

/// Why an attempt may not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ThrottleError {
    /// The message could not be delivered or was not answered.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// There were too many failures.
    #[error("too many failed attempts")]
    Throttled {
        /// The time until the next attempt is allowed.
        retry_after: Duration,
    },
    /// There were too many failures for an account that has never logged in from the client's network. Other
    /// accounts may try again with [`Attempt::familiar`](super::Attempt::familiar).
    #[error("too many failed attempts of strangers")]
    StrangersThrottled {
        /// The time until a stranger's next attempt is allowed.
        retry_after: Duration,
    },
    /// Too many attempts wait for pending ones to be settled.
    #[error("too many attempts are waiting")]
    TooManyWaiting,
}
