//! Whether a password is somebody's: the throttle, the queue and the hash, in that order.

use std::time::Duration;

use super::{Desk, Failure};
use crate::{
    actors::{
        Unreachable,
        password::{Applicant, PasswordError, Refused, Verdict, VerifyPassword},
        throttle::{Outcome, ThrottleError},
    },
    domain::{Client, LoginName, Password, PasswordHash},
};

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
    Failure(#[from] Failure),
}

impl From<Unreachable> for CheckError {
    fn from(error: Unreachable) -> Self {
        Self::Failure(error.into())
    }
}

impl From<ThrottleError> for CheckError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Unreachable(error) => error.into(),
            ThrottleError::Throttled { retry_after } => Self::Throttled { retry_after },
        }
    }
}

impl From<Refused> for CheckError {
    fn from(Refused { retry_after }: Refused) -> Self {
        Self::Busy { retry_after }
    }
}

impl From<PasswordError> for CheckError {
    fn from(error: PasswordError) -> Self {
        Self::Failure(error.into())
    }
}

/// Compares a password with a hash, or with nobody's. `account` is who the throttle holds
/// responsible: a user's number, or the name that was typed where there is no such user. `name` is
/// who the queue does.
pub(super) async fn check_password(
    desk: &Desk,
    account: String,
    name: &LoginName,
    client: &Client,
    password: Password,
    hash: Option<PasswordHash>,
) -> Result<Verdict, CheckError> {
    desk.throttle.check(&account, client.ip).await?;
    let turn = desk.passwords.turn(Applicant::login(name, client)).await?;
    let permit = desk.throttle.begin(&account, client.ip).await?;
    let verdict = desk.passwords.ask(&turn, VerifyPassword { password, hash }).await?;
    permit.settle(match verdict {
        Verdict::Right { .. } => Outcome::Success,
        Verdict::Wrong => Outcome::Failure,
    });
    Ok(verdict)
}
