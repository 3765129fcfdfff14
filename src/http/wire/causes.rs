//! What the errors of the use cases are to a client.

use actix_web::http::StatusCode;

use crate::{
    actors::{
        Unreachable,
        account::{
            ActorError, AdminError, AuthenticateError, CheckError, LoginError, OwnAccountError,
            OwnSessionError, RefreshError, RegisterError, RevokeError,
        },
        db::{DbError, NameConflict},
        password::PasswordError,
        token::TokenError,
    },
    domain::InvalidPassword,
    http::wire::{
        errors::ApiError,
        validation::{FieldError, password_error_kind},
    },
};

/// What a client is told of a failure inside the server: status, code and detail. They say whether to
/// try again.
pub(crate) fn actor_error_kind(error: &ActorError) -> (StatusCode, &'static str, &'static str) {
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
    match error {
        ActorError::Unreachable(error)
        | ActorError::Db(DbError::Unreachable(error))
        | ActorError::Password(PasswordError::Unreachable(error))
        | ActorError::Token(TokenError::Unreachable(error)) => unreachable(error),
        ActorError::Db(error) => match error {
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
        ActorError::Password(
            PasswordError::NoRandomness(_) | PasswordError::Bcrypt | PasswordError::Panicked,
        )
        | ActorError::Token(
            TokenError::NoSigningKey
            | TokenError::NoRefreshSecret
            | TokenError::NoRandomness(_)
            | TokenError::Signing(_),
        ) => INTERNAL,
    }
}

impl From<ActorError> for ApiError {
    fn from(error: ActorError) -> Self {
        Self::Actor(error)
    }
}

impl From<Unreachable> for ApiError {
    fn from(error: Unreachable) -> Self {
        Self::Actor(error.into())
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        Self::Actor(error.into())
    }
}

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::InvalidToken(_) | AuthenticateError::Ended => Self::InvalidToken,
            AuthenticateError::NeedsUserScope => Self::NeedsUserScope,
            AuthenticateError::Actor(error) => error.into(),
        }
    }
}

impl From<CheckError> for ApiError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Throttled { retry_after } => Self::TooManyAttempts { retry_after },
            CheckError::Busy { retry_after } => Self::Busy { retry_after },
            CheckError::Actor(error) => error.into(),
        }
    }
}

impl From<RegisterError> for ApiError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Closed => Self::RegistrationClosed,
            RegisterError::InvalidPassword(invalid) => invalid_password("password", invalid),
            RegisterError::NameConflict(NameConflict::Email) => Self::EmailTaken,
            RegisterError::NameConflict(NameConflict::Username) => Self::UsernameTaken,
            RegisterError::Throttled { retry_after } => Self::TooManyAttempts { retry_after },
            RegisterError::Busy { retry_after } => Self::Busy { retry_after },
            RegisterError::Actor(error) => error.into(),
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
            LoginError::Actor(error) => error.into(),
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
            RefreshError::Actor(error) => error.into(),
        }
    }
}

impl From<RevokeError> for ApiError {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Actor(error) => error.into(),
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
            OwnAccountError::Actor(error) => error.into(),
        }
    }
}

impl From<OwnSessionError> for ApiError {
    fn from(error: OwnSessionError) -> Self {
        match error {
            OwnSessionError::Authenticate(error) => error.into(),
            OwnSessionError::NotFound => Self::NotFound,
            OwnSessionError::Actor(error) => error.into(),
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
            AdminError::Actor(error) => error.into(),
        }
    }
}
