//! Why an account stays as it was.

use crate::{
    actors::account::{ActorError, AuthenticateError, CheckError, error::impl_from_actor_errors},
    domain::InvalidPassword,
};

/// Why an account stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OwnAccountError {
    /// Who is asking is not known.
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    /// The current password is another.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The new password may not be set.
    #[error(transparent)]
    InvalidPassword(#[from] InvalidPassword),
    /// Another user has the e-mail address.
    #[error("a user with this email already exists")]
    EmailTaken,
    /// Nobody could administer any more.
    #[error("the last admin can be neither disabled, demoted nor deleted")]
    LastAdmin,
    /// Whether the password is right is not known.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// An actor failed.
    #[error(transparent)]
    Actor(#[from] ActorError),
}

impl_from_actor_errors!(OwnAccountError);
