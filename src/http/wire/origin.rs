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
        // What is text in a header is ASCII, a byte a character.
        let user_agent = request
            .headers()
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|agent| agent.get(..RequestOrigin::MAX_USER_AGENT).unwrap_or(agent).into());
        let (ip, request_id) = (client_address(request), request_id(request));
        ready(Ok(Self(RequestOrigin { ip, user_agent, request_id })))
    }
}
