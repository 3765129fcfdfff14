//! The headers that restrict what caches and browsers may do with an answer.

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

/// An answer is data and not a page: it may not be framed, and loads nothing. The page at `/docs` has its own
/// policy.
const CONTENT_SECURITY_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// A year. It does not include subdomains, which may belong to other services.
const STRICT_TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Completes an answer. Headers that its handler has set stay as they are.
pub(crate) fn complete<B>(response: &mut ServiceResponse<B>) {
    let is_ours = is_ours(response);
    // A browser that has come by TLS once must not be led away from it. The issuer says whether there is TLS.
    let is_https = is_ours
        && response.request().app_data::<Data<Api>>().is_some_and(|api| api.issuer.starts_with("https://"));
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Almost every answer is personal; those that may be cached say so themselves.
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

/// Whether the answer is Sekisho's, and not that of the application that embeds it, whose pages may load
/// anything.
fn is_ours<B>(response: &ServiceResponse<B>) -> bool {
    response.request().app_data::<RouteLabel>().is_some()
        || response.response().error().is_some_and(|error| error.as_error::<ApiError>().is_some())
}

fn insert_if_absent(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    if !headers.contains_key(&name) {
        headers.insert(name, value);
    }
}
