//! Why an account was not changed.

use crate::{
    actors::{
        account::{ActorError, AuthenticateError, CheckError},
        db::ChangeRefused,
    },
    domain::InvalidPassword,
};

/// Why an account was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OwnAccountError {
    /// The caller could not be authenticated.
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    /// The current password is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The new password breaks the policy.
    #[error(transparent)]
    InvalidPassword(#[from] InvalidPassword),
    /// The change is not possible.
    #[error(transparent)]
    Refused(ChangeRefused),
    /// The password could not be checked.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// An actor failed.
    #[error(transparent)]
    Actor(ActorError),
}

impl<E: Into<ActorError>> From<E> for OwnAccountError {
    fn from(error: E) -> Self {
        Self::Actor(error.into())
    }
}

impl From<ChangeRefused> for OwnAccountError {
    fn from(refused: ChangeRefused) -> Self {
        match refused {
            // The password that was confirmed has been changed meanwhile.
            ChangeRefused::NotFound => Self::WrongPassword,
            ChangeRefused::EmailTaken | ChangeRefused::LastAdmin => Self::Refused(refused),
        }
    }
}
