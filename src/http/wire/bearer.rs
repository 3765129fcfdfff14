//! The bearer token of a request.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};

use super::{api_error::ApiError, errors, origin::origin};
use crate::domain::{AccessToken, RequestOrigin};

/// The bearer token that a request must have (RFC 6750, section 2.1).
pub(crate) struct Bearer(pub(crate) AccessToken);

impl FromRequest for Bearer {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(bearer(request).map(Self))
    }
}

/// The bearer token that a request must have, and where the request came from.
pub(crate) struct Authorization {
    pub(crate) token: AccessToken,
    pub(crate) origin: RequestOrigin,
}

impl FromRequest for Authorization {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(bearer(request).map(|token| Self { token, origin: origin(request) }))
    }
}

/// Reads the bearer token of a request.
pub(crate) fn bearer(request: &HttpRequest) -> Result<AccessToken, ApiError> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let value = values.next().ok_or(errors::NOT_AUTHENTICATED)?;
    if values.next().is_some() {
        return Err(errors::INVALID_TOKEN.into());
    }
    let value = value.to_str().map_err(|_| errors::INVALID_TOKEN)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(errors::NOT_AUTHENTICATED.into());
    }
    let token = token.trim_matches(' ');
    if token.is_empty() {
        return Err(errors::INVALID_TOKEN.into());
    }
    Ok(AccessToken::new(token.to_owned()))
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
            bearer(&request.to_http_request()).map_err(|error| error.to_string())
        };

        for value in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(read(&[value]).map(|token| token.expose().to_owned()), Ok("abc".to_owned()));
        }
        assert_eq!(read(&[]).err(), Some("not_authenticated".to_owned()));
        assert_eq!(read(&["Basic abc"]).err(), Some("not_authenticated".to_owned()));
        for values in [&["Bearer"][..], &["Bearer "], &["Bearer a", "Bearer b"], &["Bearer é"]] {
            assert_eq!(read(values).err(), Some("invalid_token".to_owned()), "{values:?}");
        }
    }
}
