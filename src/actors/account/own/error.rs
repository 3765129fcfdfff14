//! Why an account was not changed.

use crate::{
    actors::account::{ActorError, AuthenticateError, CheckError, error::impl_from_actor_errors},
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
    /// Another user has the e-mail address.
    #[error("a user with this email already exists")]
    EmailTaken,
    /// No administrator would be left.
    #[error("the last admin can be neither disabled, demoted nor deleted")]
    LastAdmin,
    /// The password could not be checked.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// An actor failed.
    #[error(transparent)]
    Actor(#[from] ActorError),
}

impl_from_actor_errors!(OwnAccountError);
