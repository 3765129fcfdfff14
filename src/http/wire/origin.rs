//! The origin of a request.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};

use super::{api_error::ApiError, client_address::client_address};
use crate::domain::RequestOrigin;

/// The origin of a request.
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
