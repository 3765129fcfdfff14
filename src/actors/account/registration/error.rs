//! Why a user was not created.

use crate::{
    actors::{
        account::{ActorError, CheckError},
        db::NameConflict,
    },
    domain::InvalidPassword,
};

/// Why a user was not created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// Registration is closed.
    #[error("registration is closed")]
    Closed,
    /// The password breaks the policy.
    #[error(transparent)]
    InvalidPassword(#[from] InvalidPassword),
    /// Another user has the e-mail address or the username.
    #[error(transparent)]
    NameConflict(#[from] NameConflict),
    /// The client's network has tried to register too often, or too many passwords wait to be hashed.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// An actor failed.
    #[error(transparent)]
    Actor(ActorError),
}

impl<E: Into<ActorError>> From<E> for RegisterError {
    fn from(error: E) -> Self {
        Self::Actor(error.into())
    }
}
