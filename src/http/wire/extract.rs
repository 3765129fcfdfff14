//! What handlers need to know of a request besides its body.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web};

use crate::{
    domain::{AccessToken, Registration, RequestOrigin},
    http::{
        Api,
        wire::{
            client_address::client_address,
            errors::{ApiError, FieldError},
        },
    },
};

/// The bearer token that a request must have (RFC 6750, section 2.1).
pub(crate) struct Bearer(pub(crate) AccessToken);

impl FromRequest for Bearer {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(bearer(request).map(Self))
    }
}

/// Reads the bearer token of a request.
pub(crate) fn bearer(request: &HttpRequest) -> Result<AccessToken, ApiError> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let value = values.next().ok_or(ApiError::NotAuthenticated)?;
    if values.next().is_some() {
        return Err(ApiError::InvalidToken);
    }
    let value = value.to_str().map_err(|_| ApiError::InvalidToken)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(ApiError::NotAuthenticated);
    }
    let token = token.trim_matches(' ');
    if token.is_empty() {
        return Err(ApiError::InvalidToken);
    }
    Ok(AccessToken::new(token.to_owned()))
}

/// Where a request came from.
pub(crate) struct Origin(pub(crate) RequestOrigin);

impl FromRequest for Origin {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let user_agent = request
            .headers()
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|agent| agent.chars().take(RequestOrigin::MAX_USER_AGENT).collect());
        ready(Ok(Self(RequestOrigin { ip: client_address(request), user_agent })))
    }
}

/// The right to register, which is asked before the body is read.
pub(crate) struct OpenRegistration;

impl FromRequest for OpenRegistration {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let registration = request.app_data::<web::Data<Api>>().map(|api| api.registration);
        ready(match registration {
            Some(Registration::Open) => Ok(Self),
            Some(Registration::Closed) | None => Err(ApiError::RegistrationClosed),
        })
    }
}

/// The `{id}` of a path.
pub(crate) struct PathId(pub(crate) i64);

impl FromRequest for PathId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|id| id.parse().ok());
        ready(id.map(Self).ok_or_else(|| {
            ApiError::Validation(vec![FieldError {
                kind: "int_parsing",
                loc: vec!["path", "id"],
                msg: "Input should be a valid integer".to_owned(),
            }])
        }))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_scheme_is_bearer_in_any_case_and_there_is_one_token() {
        let read = |values: &[&str]| {
            let mut request = TestRequest::default();
            for value in values {
                request = request.append_header((header::AUTHORIZATION, *value));
            }
            bearer(&request.to_http_request()).map_err(|error| error.code())
        };

        for value in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(read(&[value]).map(|token| token.expose().to_owned()), Ok("abc".to_owned()));
        }
        assert_eq!(read(&[]).err(), Some("not_authenticated"));
        assert_eq!(read(&["Basic abc"]).err(), Some("not_authenticated"));
        for values in [&["Bearer"][..], &["Bearer "], &["Bearer a", "Bearer b"], &["Bearer é"]] {
            assert_eq!(read(values).err(), Some("invalid_token"), "{values:?}");
        }
    }
}
