//! The table of errors. A row has everything that a client is told about an error; the body, OAuth's body and
//! the OpenAPI document are made from it.

use actix_web::http::StatusCode;

use crate::{actors::account::Caller, config::Config, domain::Registration};

/// An error as clients know it.
#[derive(Debug)]
pub(crate) struct ErrorKind {
    pub(crate) status: StatusCode,
    /// Identifies the error for programs.
    pub(crate) code: &'static str,
    /// Describes the error for people.
    pub(crate) sentence: &'static str,
    /// What the OpenAPI document adds to the sentence.
    pub(crate) note: &'static str,
    /// Whether a server with this configuration can answer with it.
    pub(crate) occurs: fn(&Config) -> bool,
    oauth_error: Option<&'static str>,
    challenge: Option<&'static str>,
}

const fn error(status: StatusCode, code: &'static str, sentence: &'static str) -> ErrorKind {
    ErrorKind { status, code, sentence, note: "", occurs: |_| true, oauth_error: None, challenge: None }
}

impl ErrorKind {
    const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    const fn occurs(self, occurs: fn(&Config) -> bool) -> Self {
        Self { occurs, ..self }
    }

    /// Sets the `error` of RFC 6749, if it does not follow from the status.
    const fn oauth(self, error: &'static str) -> Self {
        Self { oauth_error: Some(error), ..self }
    }

    /// Sets the challenge (RFC 6750, section 3), if it does not follow from the status.
    const fn challenge(self, challenge: &'static str) -> Self {
        Self { challenge: Some(challenge), ..self }
    }

    /// The `error` of an OAuth endpoint: RFC 6749, section 5.2, and for what that section does not foresee, the
    /// names of section 4.1.2.1.
    pub(crate) fn oauth_error(&self) -> &'static str {
        self.oauth_error.unwrap_or(match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "invalid_grant",
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request",
        })
    }

    /// The `WWW-Authenticate` header: what a client must do to authenticate.
    pub(crate) fn www_authenticate(&self) -> Option<&'static str> {
        self.challenge.or_else(|| (self.status == StatusCode::UNAUTHORIZED).then_some("Bearer"))
    }

    /// Whether the answer says when to try again.
    pub(crate) fn is_temporary(&self) -> bool {
        matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
    }
}

// A sentence states this limit.
const _: () = assert!(Caller::RECENT_LOGIN.as_secs() == 600);

/// Defines rows: a name, the status, the code, the sentence, and further properties of the error.
macro_rules! errors {
    ($($name:ident: $status:ident, $code:literal, $sentence:literal $(, $($more:ident($value:expr)),+)?;)+) => {
        $(pub(crate) const $name: &ErrorKind =
            &error(StatusCode::$status, $code, $sentence)$($(.$more($value))+)?;)+
    };
}

errors! {
    UNREADABLE_BODY: BAD_REQUEST, "invalid_request", "The body could not be read";
    FORM_NOT_UTF8: BAD_REQUEST, "invalid_request", "The form is not UTF-8";
    REPEATED_PARAMETER: BAD_REQUEST, "invalid_request", "A parameter is included more than once";
    UNSUPPORTED_GRANT_TYPE: BAD_REQUEST, "unsupported_grant_type", "The grant type is not supported",
        oauth("unsupported_grant_type");
    INVALID_SCOPE: BAD_REQUEST, "invalid_scope",
        "The requested scope is unknown or exceeds what the user may have", oauth("invalid_scope");

    NOT_AUTHENTICATED: UNAUTHORIZED, "not_authenticated", "Not authenticated", note("The request has no token.");
    INVALID_TOKEN: UNAUTHORIZED, "invalid_token", "Could not validate credentials",
        challenge(r#"Bearer error="invalid_token""#),
        note("The token is malformed, expired, forged, not meant for Sekisho, of a session that has ended, or of \
            a user who is disabled or deleted.");
    NOT_RECENT: UNAUTHORIZED, "insufficient_user_authentication",
        "The password was given too long ago; log in again",
        challenge(r#"Bearer error="insufficient_user_authentication", max_age=600"#), note("See RFC 9470.");
    INCORRECT_LOGIN: UNAUTHORIZED, "invalid_grant", "Incorrect username or password";
    INCORRECT_LOGIN_OR_SCOPE: UNAUTHORIZED, "invalid_grant",
        "Incorrect username or password, or a scope that the user may not have";
    INVALID_REFRESH_TOKEN: UNAUTHORIZED, "invalid_grant", "The refresh token is invalid",
        note("The token is malformed, expired or revoked.");
    REFRESH_TOKEN_REUSED: UNAUTHORIZED, "refresh_token_reused",
        "The refresh token was replaced before and is used again; its session has ended",
        note("Two parties hold the token.");

    NEEDS_USER_SCOPE: FORBIDDEN, "insufficient_permissions", "The operation needs the scope user",
        challenge(r#"Bearer error="insufficient_scope", scope="user""#);
    NEEDS_ADMIN: FORBIDDEN, "insufficient_permissions", "The operation needs the admin role and scope",
        challenge(r#"Bearer error="insufficient_scope", scope="admin""#),
        note("The login must have asked for the scope `admin` by name.");
    REGISTRATION_CLOSED: FORBIDDEN, "registration_closed", "Registration is closed",
        occurs(|config| config.account.registration == Registration::Closed);
    WRONG_PASSWORD: FORBIDDEN, "wrong_password", "The current password is wrong",
        note("This counts as a failed login.");
    ACCOUNT_DISABLED: FORBIDDEN, "account_disabled", "The account is disabled",
        note("The password was right.");
    CROSS_SITE_REQUEST: FORBIDDEN, "cross_site_request",
        "A page of another site sent this request, and is not allowed to", oauth("invalid_request"),
        note("A browser sent it for a page of another origin, which `--cors-origin` does not allow.");

    NOT_FOUND: NOT_FOUND, "not_found", "Not Found";
    METHOD_NOT_ALLOWED: METHOD_NOT_ALLOWED, "method_not_allowed", "Method Not Allowed";
    REQUEST_TIMEOUT: REQUEST_TIMEOUT, "request_timeout", "The request did not arrive in time";
    EMAIL_TAKEN: CONFLICT, "email_taken", "A user with this email already exists";
    USERNAME_TAKEN: CONFLICT, "username_taken", "A user with this username already exists",
        note("A deleted user may have had it.");
    LAST_ADMIN: CONFLICT, "last_admin", "The last admin can be neither disabled, demoted nor deleted";
    PAYLOAD_TOO_LARGE: PAYLOAD_TOO_LARGE, "payload_too_large", "The body is larger than 64 KiB";
    NOT_JSON: UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The content type should be application/json";
    NOT_A_FORM: UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type",
        "The content type should be application/x-www-form-urlencoded";
    VALIDATION: UNPROCESSABLE_ENTITY, "validation_error", "Something is wrong with the request",
        note("`detail` lists each mistake.");
    TOO_MANY_ATTEMPTS: TOO_MANY_REQUESTS, "too_many_attempts", "Too many attempts; try again later",
        note("There were too many wrong passwords, or too many registrations from this network.");

    INTERNAL: INTERNAL_SERVER_ERROR, "internal_error", "Internal Server Error",
        note("The log has the reason under the request id.");
    TOO_MANY_LOGINS: SERVICE_UNAVAILABLE, "busy", "Too many logins are waiting; try again later";
    BUSY: SERVICE_UNAVAILABLE, "busy", "The service is busy; try again later";
    TIMEOUT: SERVICE_UNAVAILABLE, "timeout", "The service did not answer in time; the outcome is unknown";
    UNAVAILABLE: SERVICE_UNAVAILABLE, "unavailable", "The service is not available";
    DATABASE_LOCKED: SERVICE_UNAVAILABLE, "database_locked", "The database is locked; try again later";
    DISK_FULL: SERVICE_UNAVAILABLE, "disk_full", "The disk is full";
    DATABASE_READ_ONLY: SERVICE_UNAVAILABLE, "database_read_only", "The database cannot be written";
    DATABASE_UNAVAILABLE: SERVICE_UNAVAILABLE, "database_unavailable", "The database is not available";
    SHUTTING_DOWN: SERVICE_UNAVAILABLE, "shutting_down", "The service is shutting down";
    NOT_READY: SERVICE_UNAVAILABLE, "not_ready", "Not every part of the service answers",
        note("`failing` names the parts that do not.");
}

/// The failures inside the server that any request may meet.
pub(crate) const FAILURES: &[&ErrorKind] = &[
    INTERNAL,
    BUSY,
    TIMEOUT,
    UNAVAILABLE,
    DATABASE_LOCKED,
    DISK_FULL,
    DATABASE_READ_ONLY,
    DATABASE_UNAVAILABLE,
    SHUTTING_DOWN,
];
