//! Why an administrator's request is refused.

use crate::actors::{
    account::{ActorError, AuthenticateError},
    db::ChangeRefused,
};

/// Why an administrator's request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// The caller could not be authenticated.
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    /// The caller is not an administrator, or the token is not for administration.
    #[error("the operation needs the admin role and scope")]
    Forbidden,
    /// The caller gave their password too long ago.
    #[error("the password was given too long ago")]
    NotRecent,
    /// There is no such user, or the change is not possible.
    #[error(transparent)]
    Refused(#[from] ChangeRefused),
    /// An actor failed.
    #[error(transparent)]
    Actor(ActorError),
}

impl<E: Into<ActorError>> From<E> for AdminError {
    fn from(error: E) -> Self {
        Self::Actor(error.into())
    }
}
