//! Why an administrator's request is refused.

use crate::actors::account::{ActorError, AuthenticateError, error::impl_from_actor_errors};

/// Why an administrator's wish is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// Who is asking is not known.
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    /// Whoever asks is no administrator, or their token is not meant for it.
    #[error("the operation needs the admin role and scope")]
    Forbidden,
    /// It is too long ago that whoever asks gave their password.
    #[error("the password was given too long ago")]
    NotRecent,
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// Another user has the e-mail address.
    #[error("a user with this email already exists")]
    EmailTaken,
    /// Nobody could administer any more.
    #[error("the last admin can be neither disabled, demoted nor deleted")]
    LastAdmin,
    /// An actor failed.
    #[error(transparent)]
    Actor(#[from] ActorError),
}

impl_from_actor_errors!(AdminError);
