//! The only place where an error becomes a status and a body.

use std::{fmt, time::Duration};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde_json::{Value, json};

use super::{causes::actor_error_kind, render::NO_STORE, validation::FieldError};
use crate::actors::account::{ActorError, Caller};

/// Why a request was not done.
#[derive(Debug)]
pub(crate) enum ApiError {
    Validation(Vec<FieldError>),
    InvalidRequest(&'static str),
    UnsupportedGrantType,
    InvalidScope,
    NotAuthenticated,
    InvalidToken,
    InvalidGrant(&'static str),
    RefreshTokenReused,
    NeedsUserScope,
    InsufficientPermissions,
    RegistrationClosed,
    NotRecent,
    WrongPassword,
    AccountDisabled,
    CrossSiteRequest,
    NotFound,
    MethodNotAllowed { allow: &'static str },
    RequestTimeout,
    EmailTaken,
    UsernameTaken,
    LastAdmin,
    PayloadTooLarge,
    UnsupportedMediaType(&'static str),
    TooManyAttempts { retry_after: Duration },
    Busy { retry_after: Duration },
    NotReady { failing: Vec<&'static str> },
    Actor(ActorError),
}

impl fmt::Display for ApiError {
    /// What the log is told; clients get [`ApiError::detail`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Actor(error) => error.fmt(f),
            Self::NotReady { failing } => write!(f, "not ready: {}", failing.join(", ")),
            other => f.write_str(other.code()),
        }
    }
}

impl ApiError {
    /// The name that programs tell errors by.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Validation(_) => "validation_error",
            Self::InvalidRequest(_) => "invalid_request",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::NotAuthenticated => "not_authenticated",
            Self::InvalidToken => "invalid_token",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::NeedsUserScope | Self::InsufficientPermissions => "insufficient_permissions",
            Self::NotRecent => "insufficient_user_authentication",
            Self::RegistrationClosed => "registration_closed",
            Self::WrongPassword => "wrong_password",
            Self::AccountDisabled => "account_disabled",
            Self::CrossSiteRequest => "cross_site_request",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::EmailTaken => "email_taken",
            Self::UsernameTaken => "username_taken",
            Self::LastAdmin => "last_admin",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType(_) => "unsupported_media_type",
            Self::TooManyAttempts { .. } => "too_many_attempts",
            Self::Busy { .. } => "busy",
            Self::NotReady { .. } => "not_ready",
            Self::Actor(error) => actor_error_kind(error).1,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::InvalidRequest(_) | Self::UnsupportedGrantType | Self::InvalidScope => {
                StatusCode::BAD_REQUEST
            }
            Self::NotAuthenticated
            | Self::InvalidToken
            | Self::InvalidGrant(_)
            | Self::RefreshTokenReused
            | Self::NotRecent => StatusCode::UNAUTHORIZED,
            Self::NeedsUserScope
            | Self::InsufficientPermissions
            | Self::RegistrationClosed
            | Self::CrossSiteRequest
            | Self::WrongPassword
            | Self::AccountDisabled => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::EmailTaken | Self::UsernameTaken | Self::LastAdmin => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Validation(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy { .. } | Self::NotReady { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Actor(error) => actor_error_kind(error).0,
        }
    }

    /// The sentence for a person, or on validation the list of what is wrong.
    fn detail(&self) -> Value {
        let sentence = match self {
            Self::Validation(errors) => return json!(errors),
            Self::InvalidRequest(detail)
            | Self::UnsupportedMediaType(detail)
            | Self::InvalidGrant(detail) => detail,
            Self::UnsupportedGrantType => "The grant type is not supported",
            Self::InvalidScope => "The requested scope is unknown or exceeds what the user may have",
            Self::NotAuthenticated => "Not authenticated",
            Self::InvalidToken => "Could not validate credentials",
            Self::RefreshTokenReused => {
                "The refresh token was replaced before and is used again; its session has ended"
            }
            Self::NeedsUserScope => "The operation needs the scope user",
            Self::InsufficientPermissions => "The operation needs the admin role and scope",
            Self::RegistrationClosed => "Registration is closed",
            Self::NotRecent => "The password was given too long ago; log in again",
            Self::WrongPassword => "The current password is wrong",
            Self::AccountDisabled => "The account is disabled",
            Self::CrossSiteRequest => "A page of another site sent this request, and is not allowed to",
            Self::NotFound => "Not Found",
            Self::MethodNotAllowed { .. } => "Method Not Allowed",
            Self::RequestTimeout => "The request did not arrive in time",
            Self::EmailTaken => "A user with this email already exists",
            Self::UsernameTaken => "A user with this username already exists",
            Self::LastAdmin => "The last admin can be neither disabled, demoted nor deleted",
            Self::PayloadTooLarge => "The body is larger than 64 KiB",
            Self::TooManyAttempts { .. } => "Too many attempts; try again later",
            Self::Busy { .. } => "Too many logins are waiting; try again later",
            Self::NotReady { .. } => "Not every part of the service answers",
            Self::Actor(error) => actor_error_kind(error).2,
        };
        json!(sentence)
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyAttempts { retry_after } | Self::Busy { retry_after } => Some(*retry_after),
            other if other.status() == StatusCode::SERVICE_UNAVAILABLE => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// RFC 6750, section 3, and RFC 9470, section 3: what a client must know to authenticate.
    fn challenge(&self) -> Option<String> {
        let challenge = match self {
            Self::InvalidToken => r#"Bearer error="invalid_token""#,
            Self::NeedsUserScope => r#"Bearer error="insufficient_scope", scope="user""#,
            Self::InsufficientPermissions => r#"Bearer error="insufficient_scope", scope="admin""#,
            Self::NotRecent => {
                let max_age = Caller::RECENT_LOGIN.as_secs();
                return Some(format!(
                    r#"Bearer error="insufficient_user_authentication", max_age={max_age}"#
                ));
            }
            other if other.status() == StatusCode::UNAUTHORIZED => "Bearer",
            _ => return None,
        };
        Some(challenge.to_owned())
    }

    fn respond(&self, body: &Value) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        response.insert_header(NO_STORE);
        if let Some(challenge) = self.challenge() {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if let Some(retry_after) = self.retry_after() {
            // Whole seconds, rounded up: never an invitation to come too early.
            let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
            response.insert_header((header::RETRY_AFTER, seconds.max(1)));
        }
        if let Self::MethodNotAllowed { allow } = self {
            response.insert_header((header::ALLOW, *allow));
        }
        if matches!(self, Self::RequestTimeout | Self::PayloadTooLarge) {
            // The rest of the body may still be under way, and nobody will read it.
            response.force_close();
        }
        response.json(body)
    }

    fn body(&self) -> Value {
        match self {
            Self::NotReady { failing } => {
                json!({ "detail": self.detail(), "code": self.code(), "failing": failing })
            }
            other => json!({ "detail": other.detail(), "code": other.code() }),
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.respond(&self.body())
    }
}

/// An error of the OAuth endpoints: the same, with RFC 6749's two members.
#[derive(Debug)]
pub(crate) struct OAuthError(pub(crate) ApiError);

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Into<ApiError>> From<E> for OAuthError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl OAuthError {
    /// RFC 6749, section 5.2; for what that section does not foresee, the names of 4.1.2.1.
    fn oauth_code(&self) -> &'static str {
        match self.0.status() {
            _ if matches!(self.0, ApiError::UnsupportedGrantType | ApiError::InvalidScope) => self.0.code(),
            _ if matches!(self.0, ApiError::CrossSiteRequest) => "invalid_request",
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "invalid_grant",
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request",
        }
    }
}

impl ResponseError for OAuthError {
    fn status_code(&self) -> StatusCode {
        self.0.status()
    }

    fn error_response(&self) -> HttpResponse {
        let description = match &self.0 {
            ApiError::Validation(errors) => errors
                .iter()
                .map(|error| format!("{}: {}", error.loc.join("."), error.msg))
                .collect::<Vec<_>>()
                .join("; "),
            other => other.detail().as_str().unwrap_or_default().to_owned(),
        };
        self.0.respond(&json!({
            "detail": self.0.detail(),
            "code": self.0.code(),
            "error": self.oauth_code(),
            "error_description": description,
        }))
    }
}
