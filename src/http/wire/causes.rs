//! The error answers for errors that several use cases share. The others are beside their handlers.

use super::{
    api_error::ApiError,
    errors::{self, ErrorKind},
};
use crate::actors::{
    Unreachable,
    account::{ActorError, AuthenticateError, CheckError},
    db::{ChangeRefused, DbError},
    password::PasswordError,
    token::TokenError,
};

impl From<ActorError> for ApiError {
    fn from(error: ActorError) -> Self {
        Self::caused_by(actor_error_kind(&error), error)
    }
}

/// The error answer to a failure inside the server. It says whether to try again.
const fn actor_error_kind(error: &ActorError) -> &'static ErrorKind {
    match error {
        ActorError::Unreachable(error)
        | ActorError::Db(DbError::Unreachable(error))
        | ActorError::Password(PasswordError::Unreachable(error))
        | ActorError::Token(TokenError::Unreachable(error)) => match error {
            Unreachable::Busy(_) => errors::BUSY,
            Unreachable::TimedOut(_) => errors::TIMEOUT,
            Unreachable::Stopped(_) => errors::UNAVAILABLE,
        },
        ActorError::Db(DbError::Locked) => errors::DATABASE_LOCKED,
        ActorError::Db(DbError::Full) => errors::DISK_FULL,
        ActorError::Db(DbError::ReadOnly) => errors::DATABASE_READ_ONLY,
        ActorError::Db(DbError::Gone | DbError::Unopenable(_) | DbError::Io(_)) => {
            errors::DATABASE_UNAVAILABLE
        }
        ActorError::Db(DbError::Closed) => errors::SHUTTING_DOWN,
        ActorError::Db(DbError::Panicked | DbError::Other(_))
        | ActorError::Password(
            PasswordError::NoRandomness(_) | PasswordError::Bcrypt | PasswordError::Panicked,
        )
        | ActorError::Token(
            TokenError::NoSigningKey
            | TokenError::NoRefreshSecret
            | TokenError::NoRandomness(_)
            | TokenError::Signing(_),
        ) => errors::INTERNAL,
    }
}

impl From<Unreachable> for ApiError {
    fn from(error: Unreachable) -> Self {
        ActorError::from(error).into()
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        ActorError::from(error).into()
    }
}

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::InvalidToken(_) | AuthenticateError::Ended => errors::INVALID_TOKEN.into(),
            AuthenticateError::NeedsUserScope => errors::NEEDS_USER_SCOPE.into(),
            AuthenticateError::Actor(error) => error.into(),
        }
    }
}

impl From<ChangeRefused> for ApiError {
    fn from(refused: ChangeRefused) -> Self {
        match refused {
            ChangeRefused::NotFound => errors::NOT_FOUND.into(),
            ChangeRefused::EmailTaken => errors::EMAIL_TAKEN.into(),
            ChangeRefused::LastAdmin => errors::LAST_ADMIN.into(),
        }
    }
}

impl From<CheckError> for ApiError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Throttled { retry_after } => {
                Self::retry_after(errors::TOO_MANY_ATTEMPTS, retry_after)
            }
            CheckError::Busy { retry_after } => Self::retry_after(errors::TOO_MANY_LOGINS, retry_after),
            CheckError::Actor(error) => error.into(),
        }
    }
}
