//! `/token` and `/revoke`: OAuth 2.0 (RFC 6749, RFC 7009).

use actix_web::{HttpResponse, web};

use crate::{
    actors::account::{LogIn, LoginError, Refresh, RefreshError, Revoke, RevokeError},
    domain::{Password, RefreshToken, RequestOrigin, Scope},
    http::{
        state::Api,
        wire::{
            api_error::{ApiError, OAuthError},
            errors,
            form::Form,
            origin::Origin,
            render::{TokenResponse, ok},
            validation::FieldError,
        },
    },
};

/// What a client asks of the token endpoint.
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
    /// Reads the form. `client_id` and `client_secret` are taken and ignored: there is no client
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

pub(crate) async fn revoke(
    api: web::Data<Api>,
    form: Result<Form, ApiError>,
) -> Result<HttpResponse, OAuthError> {
    let token = form?.take("token").ok_or_else(|| FieldError::missing(&["body", "token"]))?;
    api.accounts.ask(Revoke { token }).await?;
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
            // Whoever holds the token of a session that has ended may be a thief, and is not told why.
            RefreshError::Invalid | RefreshError::Ended(_) => errors::INVALID_REFRESH_TOKEN.into(),
            RefreshError::Reused => errors::REFRESH_TOKEN_REUSED.into(),
            RefreshError::InvalidScope(_) => errors::INVALID_SCOPE.into(),
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
