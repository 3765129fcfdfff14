//! The document's error responses.

use serde_json::{Map, Value, json};

use super::operation::{common_headers, reference};

#[derive(Clone, Copy)]
struct ErrorResponse {
    name: &'static str,
    status: &'static str,
    description: &'static str,
    schema: &'static str,
    header: Option<&'static str>,
    example: (&'static str, &'static str),
}

const fn error(
    name: &'static str,
    status: &'static str,
    description: &'static str,
    example: (&'static str, &'static str),
) -> ErrorResponse {
    ErrorResponse { name, status, description, schema: "Error", header: None, example }
}

const fn with_header(header: &'static str, error: ErrorResponse) -> ErrorResponse {
    ErrorResponse { header: Some(header), ..error }
}

/// The same, of an OAuth endpoint.
const fn oauth(error: ErrorResponse) -> ErrorResponse {
    ErrorResponse { schema: "OAuthError", ..error }
}

const CROSS_SITE: &str = "A browser sent it for a page of another origin, which is none of those that are allowed (`--cors-origin`).";

const ERRORS: [ErrorResponse; 33] = [
    error(
        "BadRequest",
        "400",
        "The body could not be read.",
        ("invalid_request", "The body could not be read"),
    ),
    with_header(
        "www-authenticate",
        error(
            "Unauthorized",
            "401",
            "There is no token (`not_authenticated`), or none that is valid (`invalid_token`): \
            malformed, expired, forged, not meant for Sekisho, of a session that has ended, or of a user who is \
            disabled or deleted.",
            ("invalid_token", "Could not validate credentials"),
        ),
    ),
    with_header(
        "www-authenticate",
        error(
            "NotRecent",
            "401",
            "There is no token (`not_authenticated`), or none that is valid (`invalid_token`), or \
            the password was given too long ago (`insufficient_user_authentication`, RFC 9470): log in again.",
            ("insufficient_user_authentication", "The password was given too long ago; log in again"),
        ),
    ),
    with_header(
        "www-authenticate",
        error(
            "InsufficientScope",
            "403",
            "The token's scope has no `user`.",
            ("insufficient_permissions", "The operation needs the scope user"),
        ),
    ),
    with_header(
        "www-authenticate",
        error(
            "Forbidden",
            "403",
            "The caller is no administrator, or their token is not meant for it: `admin` must have \
            been asked for by name.",
            ("insufficient_permissions", "The operation needs the admin role and scope"),
        ),
    ),
    error(
        "RegistrationClosed",
        "403",
        "People cannot make accounts for themselves here.",
        ("registration_closed", "Registration is closed"),
    ),
    error(
        "WrongPassword",
        "403",
        "The current password is wrong (`wrong_password`), which counts as a failed login; or the \
        token's scope has no `user` (`insufficient_permissions`).",
        ("wrong_password", "The current password is wrong"),
    ),
    error(
        "CrossSiteRequest",
        "403",
        CROSS_SITE,
        ("cross_site_request", "A page of another site sent this request, and is not allowed to"),
    ),
    oauth(error(
        "OAuthCrossSiteRequest",
        "403",
        CROSS_SITE,
        ("cross_site_request", "A page of another site sent this request, and is not allowed to"),
    )),
    error("NotFound", "404", "There is no such thing.", ("not_found", "Not Found")),
    with_header(
        "allow",
        error(
            "MethodNotAllowed",
            "405",
            "The path has other methods.",
            ("method_not_allowed", "Method Not Allowed"),
        ),
    ),
    error(
        "RequestTimeout",
        "408",
        "The body did not arrive in time.",
        ("request_timeout", "The request did not arrive in time"),
    ),
    error(
        "NamesTaken",
        "409",
        "Somebody has the e-mail address (`email_taken`), or the username (`username_taken`) now \
        or had it once.",
        ("username_taken", "A user with this username already exists"),
    ),
    error(
        "EmailTaken",
        "409",
        "Somebody has the e-mail address.",
        ("email_taken", "A user with this email already exists"),
    ),
    error(
        "LastAdmin",
        "409",
        "Nobody could administer any more.",
        ("last_admin", "The last admin can be neither disabled, demoted nor deleted"),
    ),
    error(
        "ChangeConflict",
        "409",
        "Somebody has the e-mail address (`email_taken`), or nobody could administer any more \
        (`last_admin`).",
        ("last_admin", "The last admin can be neither disabled, demoted nor deleted"),
    ),
    error(
        "PayloadTooLarge",
        "413",
        "The body is larger than 64 KiB.",
        ("payload_too_large", "The body is larger than 64 KiB"),
    ),
    error(
        "UnsupportedMediaType",
        "415",
        "The body is of another type.",
        ("unsupported_media_type", "The content type should be application/json"),
    ),
    ErrorResponse {
        name: "ValidationError",
        status: "422",
        description: "Something is wrong with the request; each thing is listed.",
        schema: "ValidationError",
        header: None,
        example: ("validation_error", ""),
    },
    with_header(
        "retry-after",
        error(
            "TooManyRequests",
            "429",
            "Too many wrong passwords before, or too many registrations from this network.",
            ("too_many_attempts", "Too many attempts; try again later"),
        ),
    ),
    error(
        "InternalServerError",
        "500",
        "A fault of ours. The log has it under the request id.",
        ("internal_error", "Internal Server Error"),
    ),
    with_header(
        "retry-after",
        error(
            "ServiceUnavailable",
            "503",
            "Too many logins are waiting, or the database is \
        locked, full or away; nothing is wrong with the request.",
            ("busy", "The service is busy; try again later"),
        ),
    ),
    oauth(error(
        "OAuthBadRequest",
        "400",
        "The grant type is none of ours (`unsupported_grant_type`), the scope is \
        unknown or more than the session has (`invalid_scope`), or the form is malformed (`invalid_request`).",
        ("unsupported_grant_type", "The grant type is not supported"),
    )),
    with_header(
        "www-authenticate",
        oauth(error(
            "InvalidGrant",
            "401",
            "The name or password is wrong, or the user may not have the scope, or the refresh \
        token is invalid, expired or revoked (`invalid_grant`), or it was replaced before and somebody else has it \
        (`refresh_token_reused`): then its session has ended just now.",
            ("invalid_grant", "Incorrect username or password"),
        )),
    ),
    oauth(error(
        "AccountDisabled",
        "403",
        "The right password of a disabled account.",
        ("account_disabled", "The account is disabled"),
    )),
    oauth(error(
        "OAuthRequestTimeout",
        "408",
        "The form did not arrive in time.",
        ("request_timeout", "The request did not arrive in time"),
    )),
    oauth(error(
        "OAuthPayloadTooLarge",
        "413",
        "The form is larger than 64 KiB.",
        ("payload_too_large", "The body is larger than 64 KiB"),
    )),
    oauth(error(
        "OAuthUnsupportedMediaType",
        "415",
        "The body is no form.",
        ("unsupported_media_type", "The content type should be application/x-www-form-urlencoded"),
    )),
    ErrorResponse {
        name: "OAuthValidationError",
        status: "422",
        description: "A field is missing; each one is listed.",
        schema: "OAuthValidationError",
        header: None,
        example: ("validation_error", ""),
    },
    with_header(
        "retry-after",
        oauth(error(
            "OAuthTooManyRequests",
            "429",
            "Too many wrong passwords before.",
            ("too_many_attempts", "Too many attempts; try again later"),
        )),
    ),
    oauth(error(
        "OAuthInternalServerError",
        "500",
        "A fault of ours. The log has it under the request id.",
        ("internal_error", "Internal Server Error"),
    )),
    with_header(
        "retry-after",
        oauth(error(
            "OAuthServiceUnavailable",
            "503",
            "Too many logins are waiting, or the database is locked, full or away; nothing is wrong with the \
        request.",
            ("busy", "Too many logins are waiting; try again later"),
        )),
    ),
    with_header(
        "retry-after",
        error(
            "NotReady",
            "503",
            "Not every actor answers; `failing` names those.",
            ("not_ready", "Not every part of the service answers"),
        ),
    ),
];

pub(crate) fn error_responses() -> Value {
    let all = ERRORS.iter().map(|error| {
        let mut headers = common_headers();
        if let (Some(name), Value::Object(headers)) = (error.header, &mut headers) {
            headers.insert(name.to_owned(), reference("headers", name));
        }
        let mut media = Map::new();
        media.insert("schema".into(), reference("schemas", error.schema));
        let (code, detail) = error.example;
        if error.schema == "Error" {
            media.insert("example".into(), json!({ "detail": detail, "code": code }));
        } else if error.schema == "OAuthError" {
            let kind = match error.status {
                "400" => code,
                _ if code == "cross_site_request" => "invalid_request",
                "401" | "403" => "invalid_grant",
                "429" | "503" => "temporarily_unavailable",
                "500" => "server_error",
                _ => "invalid_request",
            };
            let example =
                json!({ "detail": detail, "code": code, "error": kind, "error_description": detail });
            media.insert("example".into(), example);
        }
        let response = json!({
            "description": error.description, "headers": headers, "content": { "application/json": media },
        });
        (error.name.to_owned(), response)
    });
    Value::Object(all.collect())
}

/// The status of an error response, by its name. The reference to a name that does not exist leads nowhere, and a
/// test follows every reference.
pub(crate) fn status_of(name: &str) -> &'static str {
    ERRORS.iter().find(|error| error.name == name).map_or("default", |error| error.status)
}
