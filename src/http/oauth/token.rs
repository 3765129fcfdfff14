//! `/token` and `/revoke`: OAuth 2.0 (RFC 6749, RFC 7009).

use actix_web::{HttpResponse, http::StatusCode, web};
use serde_json::json;

use crate::{
    actors::account::{LogIn, LoginError, Refresh, RefreshError, Revoke},
    domain::{Password, RefreshToken, RequestOrigin, Scope},
    http::{
        openapi::{Operation, Schema, Tag, schema},
        state::Api,
        wire::{ApiError, FieldError, Form, OAuthError, Origin, TOKEN_RESPONSE, TokenResponse, errors, ok},
    },
};

pub(crate) const TOKEN: Operation = Operation::new("token", Tag::Tokens, "Log in, or refresh")
    .oauth()
    .describe(
        "A refresh token is replaced at each use. If it is presented again within the grace period, the answer is the \
        same successor. If it is presented later, or from another network and by another program, its session ends.",
    )
    .takes_form(TOKEN_REQUEST)
    .ok("A pair of tokens.", TOKEN_RESPONSE)
    .fails(&[
        errors::UNSUPPORTED_GRANT_TYPE,
        errors::INVALID_SCOPE,
        errors::INCORRECT_LOGIN,
        errors::INCORRECT_LOGIN_OR_SCOPE,
        errors::INVALID_REFRESH_TOKEN,
        errors::REFRESH_TOKEN_REUSED,
        errors::ACCOUNT_DISABLED])
    .throttled();

const TOKEN_REQUEST: &Schema = &Schema::new("TokenRequest", |schemas| {
    let grace = schemas.config.session.refresh_grace.as_secs();
    json!({
        "type": "object",
        "description": "Without `grant_type`, or with `password`: needs `username` and `password`. With \
            `refresh_token`: needs `refresh_token`. No parameter may be repeated; an empty one counts as absent.",
        "properties": {
            "grant_type": { "type": "string", "enum": ["password", "refresh_token"], "default": "password" },
            "username": { "type": "string", "description": "A username or an e-mail address.", "examples": ["alice"] },
            "password": schema::password(),
            "refresh_token": { "type": "string", "description": format!("The grace period is {grace} seconds.") },
            "scope": {
                "type": "string",
                "description": "At a login the default is `user`. An administrator gets `admin` by asking for it; \
                    other users who ask are answered as if the password were wrong. At a refresh the default is \
                    the scope that the session was opened with.",
                "examples": ["user"],
            },
            "client_id": { "type": "string", "description": "Accepted and ignored." },
            "client_secret": { "type": "string", "description": "Accepted and ignored." },
        },
        "additionalProperties": { "type": "string" },
    })
});

/// A parsed request to the token endpoint.
enum TokenRequest {
    Password(LogIn),
    RefreshToken(Refresh),
}

pub(crate) async fn token(
    api: web::Data<Api>,
    origin: Origin,
    form: Result<Form, ApiError>,
) -> Result<HttpResponse, OAuthError> {
    let pair = match TokenRequest::parse(form?, origin.0)? {
        TokenRequest::Password(log_in) => api.accounts.ask(log_in).await?,
        TokenRequest::RefreshToken(refresh) => api.accounts.ask(refresh).await?,
    };
    Ok(ok(TokenResponse::from(&pair)))
}

impl TokenRequest {
    /// Reads the form. `client_id` and `client_secret` are accepted and ignored, because there is no client
    /// registration.
    fn parse(mut form: Form, origin: RequestOrigin) -> Result<Self, ApiError> {
        let mut mistakes = Vec::new();
        let grant_type = form.take("grant_type");
        let scope = form.take("scope").unwrap_or_default();
        let mut required = |name: &'static str| {
            let value = form.take(name);
            if value.is_none() {
                mistakes.push(FieldError::missing(&["body", name]));
            }
            value.unwrap_or_default()
        };
        let request = match grant_type.as_deref() {
            None | Some("password") => {
                let (name, password) = (required("username"), Password::new(required("password")));
                Self::Password(LogIn { name, password, scope: Scope::default(), origin })
            }
            Some("refresh_token") => Self::RefreshToken(Refresh {
                token: RefreshToken::new(required("refresh_token")),
                scope: Scope::default(),
                origin,
            }),
            Some(_) => return Err(errors::UNSUPPORTED_GRANT_TYPE.into()),
        };
        if !mistakes.is_empty() {
            return Err(ApiError::validation(mistakes));
        }
        let scope = Scope::parse(&scope).map_err(|_| errors::INVALID_SCOPE)?;
        Ok(match request {
            Self::Password(log_in) => Self::Password(LogIn { scope, ..log_in }),
            Self::RefreshToken(refresh) => Self::RefreshToken(Refresh { scope, ..refresh }),
        })
    }
}

pub(crate) const REVOKE: Operation = Operation::new("revoke", Tag::Tokens, "Revoke a token")
    .oauth()
    .describe(
        "RFC 7009: the token's session ends at once. A token that is unknown or no longer valid is not an error.",
    )
    .takes_form(REVOCATION_REQUEST)
    .answers(StatusCode::OK, "The token is no longer valid.");

const REVOCATION_REQUEST: &Schema = &Schema::new("RevocationRequest", |_| {
    json!({
        "type": "object", "required": ["token"],
        "properties": {
            "token": { "type": "string", "minLength": 1, "description": "An access or a refresh token." },
            "token_type_hint": { "type": "string", "description": "Accepted and not needed." },
        },
        // Unknown parameters are ignored, but may not be repeated (RFC 6749, section 3.2).
        "additionalProperties": { "type": "string" },
    })
});

pub(crate) async fn revoke(
    api: web::Data<Api>,
    origin: Origin,
    form: Result<Form, ApiError>,
) -> Result<HttpResponse, OAuthError> {
    let token = form?.take("token").ok_or_else(|| FieldError::missing(&["body", "token"]))?;
    api.accounts.ask(Revoke { token, origin: origin.0 }).await?;
    Ok(HttpResponse::Ok().finish())
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Incorrect => errors::INCORRECT_LOGIN.into(),
            LoginError::Disabled => errors::ACCOUNT_DISABLED.into(),
            LoginError::IncorrectOrOutOfScope => errors::INCORRECT_LOGIN_OR_SCOPE.into(),
            LoginError::Check(error) => error.into(),
            LoginError::Actor(error) => error.into(),
        }
    }
}

impl From<RefreshError> for ApiError {
    fn from(error: RefreshError) -> Self {
        match error {
            // The holder of a token of an ended session may be a thief, and is not told why it ended.
            RefreshError::Invalid | RefreshError::Ended(_) => errors::INVALID_REFRESH_TOKEN.into(),
            RefreshError::Reused => errors::REFRESH_TOKEN_REUSED.into(),
            RefreshError::InvalidScope(_) => errors::INVALID_SCOPE.into(),
            RefreshError::Actor(error) => error.into(),
        }
    }
}
