//! Why an administrator's request is refused.

use crate::actors::account::{ActorError, AuthenticateError, error::impl_from_actor_errors};

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
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// Another user has the e-mail address.
    #[error("a user with this email already exists")]
    EmailTaken,
    /// No administrator would be left.
    #[error("the last admin can be neither disabled, demoted nor deleted")]
    LastAdmin,
    /// An actor failed.
    #[error(transparent)]
    Actor(#[from] ActorError),
}

impl_from_actor_errors!(AdminError);
