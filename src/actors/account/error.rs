//! What can keep any use case from being done, whatever was asked.

use crate::actors::{Unreachable, db::DbError, password::PasswordError, token::TokenError};

/// An actor could not do its part. It says nothing about the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
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

/// Lets `?` carry any actor's error into a use case's `Failure` variant.
macro_rules! may_fail {
    ($name:ident) => {
        crate::actors::account::error::may_fail!(
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
                Self::Failure(source.into())
            }
        }
    )*};
}
pub(super) use may_fail;
