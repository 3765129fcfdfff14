//! The errors that can stop any use case, whatever its request says.

use crate::actors::{Unreachable, db::DbError, password::PasswordError, token::TokenError};

/// An actor could not do its part. It says nothing about the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActorError {
    /// An actor could not be asked.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The hash threads.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The signer.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// Implements `From` of every actor's error for a use case's error, as its variant `Actor`.
macro_rules! impl_from_actor_errors {
    ($name:ident) => {
        crate::actors::account::error::impl_from_actor_errors!(
            $name:
            crate::actors::Unreachable,
            crate::actors::db::DbError,
            crate::actors::password::PasswordError,
            crate::actors::token::TokenError
        );
    };
    ($name:ident: $($source:ty),*) => {$(
        impl From<$source> for $name {
            fn from(source: $source) -> Self {
                Self::Actor(source.into())
            }
        }
    )*};
}
pub(super) use impl_from_actor_errors;
