//! The bearer token of a request.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};

use super::errors::ApiError;
use crate::domain::AccessToken;

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
