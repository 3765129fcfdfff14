//! The errors that can stop any use case, whatever its request says.

use crate::actors::{Unreachable, db::DbError, password::PasswordError, token::TokenError};

/// An actor failed. The error says nothing about the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActorError {
    /// A message could not be delivered or was not answered.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Computing a hash failed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The token actor failed.
    #[error(transparent)]
    Token(#[from] TokenError),
}
