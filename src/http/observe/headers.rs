//! The headers that tell caches and browsers what an answer is not for.

use actix_web::{
    dev::ServiceResponse,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    web::Data,
};

use crate::http::{
    route::RouteLabel,
    state::Api,
    wire::{api_error::ApiError, render::NO_STORE},
};

/// An answer is data and no page, nobody may frame it, and it loads nothing. The page at `/docs` has
/// a policy of its own.
const CONTENT_SECURITY_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// A year. Other hosts below ours are not ours to speak for, so it does not include them.
const STRICT_TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Completes an answer: what its handler has said stays as it is.
pub(crate) fn complete<B>(response: &mut ServiceResponse<B>) {
    let is_ours = is_ours(response);
    // Who has come by TLS once shall not be led away from it. The issuer says whether there is TLS.
    let is_https = is_ours
        && response.request().app_data::<Data<Api>>().is_some_and(|api| api.issuer.starts_with("https://"));
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Almost everything here is somebody's; what may be kept says so itself.
    let (name, no_store) = NO_STORE;
    insert_if_absent(headers, name, no_store);
    if is_ours {
        insert_if_absent(headers, header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT_SECURITY);
    }
}

/// Whether Sekisho has answered, and not the application that embeds it, whose pages load what
/// they like.
fn is_ours<B>(response: &ServiceResponse<B>) -> bool {
    response.request().app_data::<RouteLabel>().is_some()
        || response.response().error().is_some_and(|error| error.as_error::<ApiError>().is_some())
}

fn insert_if_absent(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    if !headers.contains_key(&name) {
        headers.insert(name, value);
    }
}
