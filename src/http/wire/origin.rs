//! The origin of a request.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};

use super::{api_error::ApiError, client_address::client_address};
use crate::{domain::RequestOrigin, http::observe::request_id};

/// The origin of a request.
pub(crate) struct Origin(pub(crate) RequestOrigin);

impl FromRequest for Origin {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(origin(request))))
    }
}

/// Reads the origin of a request.
pub(super) fn origin(request: &HttpRequest) -> RequestOrigin {
    // What is text in a header is ASCII, a byte a character.
    let user_agent = request
        .headers()
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(|agent| agent.get(..RequestOrigin::MAX_USER_AGENT).unwrap_or(agent).into());
    RequestOrigin { ip: client_address(request), user_agent, request_id: request_id(request) }
}
