//! `/token` and `/revoke`: OAuth 2.0 (RFC 6749, RFC 7009).

use actix_web::{HttpResponse, web};

use crate::{
    actors::account::{LogIn, Refresh, Revoke},
    domain::{Password, RefreshToken, RequestOrigin, Scope},
    http::{
        state::Api,
        wire::{
            errors::{ApiError, OAuthError},
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
        TokenRequest::Password(log_in) => api.accounts.ask(log_in).await.map_err(ApiError::from)?,
        TokenRequest::RefreshToken(refresh) => api.accounts.ask(refresh).await.map_err(ApiError::from)?,
    };
    Ok(ok(TokenResponse::from(&pair)))
}

impl TokenRequest {
    /// Reads the form. `client_id` and `client_secret` are taken and ignored: there is no client
    /// registration.
    fn parse(mut form: Form, origin: RequestOrigin) -> Result<Self, ApiError> {
        let mut errors = Vec::new();
        let grant_type = form.take("grant_type");
        let scope = form.take("scope").unwrap_or_default();
        let mut required = |name: &'static str| {
            let value = form.take(name);
            if value.is_none() {
                errors.push(missing(name));
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
            Some(_) => return Err(ApiError::UnsupportedGrantType),
        };
        if !errors.is_empty() {
            return Err(ApiError::Validation(errors));
        }
        let scope = Scope::parse(&scope).map_err(|_| ApiError::InvalidScope)?;
        Ok(match request {
            Self::Password(log_in) => Self::Password(LogIn { scope, ..log_in }),
            Self::RefreshToken(refresh) => Self::RefreshToken(Refresh { scope, ..refresh }),
        })
    }
}

fn missing(name: &'static str) -> FieldError {
    FieldError { kind: "missing", loc: vec!["body", name], msg: "Field required".to_owned() }
}

pub(crate) async fn revoke(
    api: web::Data<Api>,
    form: Result<Form, ApiError>,
) -> Result<HttpResponse, OAuthError> {
    let token = form?.take("token").ok_or_else(|| ApiError::Validation(vec![missing("token")]))?;
    api.accounts.ask(Revoke { token }).await.map_err(ApiError::from)?;
    Ok(HttpResponse::Ok().finish())
}
