//! What the errors of the use cases are to a client.

use actix_web::http::StatusCode;

use super::{ApiError, FieldError};
use crate::{
    actors::{
        Unreachable,
        account::{
            AdminError, AuthenticateError, CheckError, Failure, LoginError, OwnAccountError, OwnSessionError,
            RefreshError, RegisterError, RevokeError,
        },
        db::{DbError, Taken},
        password::PasswordError,
        token::TokenError,
    },
    domain::InvalidPassword,
    http::fields::password_error_kind,
};

/// What a client is told of a failure of ours: that it is not the client's fault, and whether to
/// try again.
pub(super) fn failure_kind(failure: &Failure) -> (StatusCode, &'static str, &'static str) {
    const BUSY: (StatusCode, &str, &str) =
        (StatusCode::SERVICE_UNAVAILABLE, "busy", "The service is busy; try again later");
    const INTERNAL: (StatusCode, &str, &str) =
        (StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "Internal Server Error");
    let unavailable = |code, detail| (StatusCode::SERVICE_UNAVAILABLE, code, detail);
    let unreachable = |error: &Unreachable| match error {
        Unreachable::Busy(_) => BUSY,
        Unreachable::TimedOut(_) => {
            unavailable("timeout", "The service did not answer in time; the outcome is unknown")
        }
        Unreachable::Stopped(_) => unavailable("unavailable", "The service is not available"),
    };
    match failure {
        Failure::Unreachable(error)
        | Failure::Db(DbError::Unreachable(error))
        | Failure::Password(PasswordError::Unreachable(error))
        | Failure::Token(TokenError::Unreachable(error)) => unreachable(error),
        Failure::Db(error) => match error {
            DbError::Unreachable(error) => unreachable(error),
            DbError::Locked => unavailable("database_locked", "The database is locked; try again later"),
            DbError::Full => unavailable("disk_full", "The disk is full"),
            DbError::ReadOnly => unavailable("database_read_only", "The database cannot be written"),
            DbError::Gone | DbError::Unopenable(_) | DbError::Io(_) => {
                unavailable("database_unavailable", "The database is not available")
            }
            DbError::Closed => unavailable("shutting_down", "The service is shutting down"),
            DbError::Panicked | DbError::Other(_) => INTERNAL,
        },
        Failure::Password(
            PasswordError::NoRandomness(_) | PasswordError::Bcrypt | PasswordError::Panicked,
        )
        | Failure::Token(
            TokenError::NoSigningKey
            | TokenError::NoRefreshSecret
            | TokenError::NoRandomness(_)
            | TokenError::Signing(_),
        ) => INTERNAL,
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Unreachable> for ApiError {
    fn from(error: Unreachable) -> Self {
        Self::Failure(error.into())
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        Self::Failure(error.into())
    }
}

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::InvalidToken(_) | AuthenticateError::Ended => Self::InvalidToken,
            AuthenticateError::NeedsUserScope => Self::NeedsUserScope,
            AuthenticateError::Failure(failure) => failure.into(),
        }
    }
}

impl From<CheckError> for ApiError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Throttled { retry_after } => Self::TooManyAttempts { retry_after },
            CheckError::Busy { retry_after } => Self::Busy { retry_after },
            CheckError::Failure(failure) => failure.into(),
        }
    }
}

impl From<RegisterError> for ApiError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Closed => Self::RegistrationClosed,
            RegisterError::InvalidPassword(invalid) => invalid_password("password", invalid),
            RegisterError::Taken(Taken::Email) => Self::EmailTaken,
            RegisterError::Taken(Taken::Username) => Self::UsernameTaken,
            RegisterError::Throttled { retry_after } => Self::TooManyAttempts { retry_after },
            RegisterError::Busy { retry_after } => Self::Busy { retry_after },
            RegisterError::Failure(failure) => failure.into(),
        }
    }
}

fn invalid_password(field: &'static str, invalid: InvalidPassword) -> ApiError {
    ApiError::Validation(vec![FieldError {
        kind: password_error_kind(invalid),
        loc: vec!["body", field],
        msg: invalid.to_string(),
    }])
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Incorrect => Self::InvalidGrant("Incorrect username or password"),
            LoginError::Disabled => Self::AccountDisabled,
            LoginError::IncorrectOrOutOfScope => {
                Self::InvalidGrant("Incorrect username or password, or a scope that the user may not have")
            }
            LoginError::Check(error) => error.into(),
            LoginError::Failure(failure) => failure.into(),
        }
    }
}

impl From<RefreshError> for ApiError {
    fn from(error: RefreshError) -> Self {
        match error {
            // Whoever holds the token of a session that has ended may be a thief, and is not told why.
            RefreshError::Invalid | RefreshError::Ended(_) => {
                Self::InvalidGrant("The refresh token is invalid")
            }
            RefreshError::Reused => Self::RefreshTokenReused,
            RefreshError::InvalidScope(_) => Self::InvalidScope,
            RefreshError::Failure(failure) => failure.into(),
        }
    }
}

impl From<RevokeError> for ApiError {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Failure(failure) => failure.into(),
        }
    }
}

impl From<OwnAccountError> for ApiError {
    fn from(error: OwnAccountError) -> Self {
        match error {
            OwnAccountError::Authenticate(error) => error.into(),
            OwnAccountError::WrongPassword => Self::WrongPassword,
            OwnAccountError::InvalidPassword(invalid) => invalid_password("new_password", invalid),
            OwnAccountError::EmailTaken => Self::EmailTaken,
            OwnAccountError::LastAdmin => Self::LastAdmin,
            OwnAccountError::Check(error) => error.into(),
            OwnAccountError::Failure(failure) => failure.into(),
        }
    }
}

impl From<OwnSessionError> for ApiError {
    fn from(error: OwnSessionError) -> Self {
        match error {
            OwnSessionError::Authenticate(error) => error.into(),
            OwnSessionError::NotFound => Self::NotFound,
            OwnSessionError::Failure(failure) => failure.into(),
        }
    }
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Authenticate(error) => error.into(),
            AdminError::Forbidden => Self::InsufficientPermissions,
            AdminError::NotRecent => Self::NotRecent,
            AdminError::NotFound => Self::NotFound,
            AdminError::EmailTaken => Self::EmailTaken,
            AdminError::LastAdmin => Self::LastAdmin,
            AdminError::Failure(failure) => failure.into(),
        }
    }
}
