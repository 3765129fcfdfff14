//! The line in the log for each answer.

use std::time::Duration;

use actix_web::{
    dev::ServiceResponse,
    http::{StatusCode, header::HeaderValue},
};

use super::outage_log::OUTAGE_LOG;
use crate::http::wire::client_address::client_address;

/// Logs an answer, and if it is an internal error its reason. Neither line holds a query, a header or a body.
pub(super) fn log_answer<B>(response: &ServiceResponse<B>, id: &HeaderValue, elapsed: Duration) {
    let id = id.to_str().unwrap_or("-");
    let status = response.status();
    match response.response().error() {
        Some(error) if status == StatusCode::SERVICE_UNAVAILABLE => OUTAGE_LOG.log(id, error),
        Some(error) if status.is_server_error() => {
            log::error!(request_id = id, status = status.as_u16(); "{error}");
        }
        _ => OUTAGE_LOG.log_over(),
    }
    if log::log_enabled!(target: "sekisho::access", log::Level::Info) {
        let request = response.request();
        let ip = client_address(request).map(|ip| ip.to_string()).unwrap_or_default();
        log::info!(
            target: "sekisho::access",
            request_id = id,
            method = request.method().as_str(),
            path = request.path(),
            status = status.as_u16(),
            duration_us = elapsed.as_micros(),
            ip;
            ""
        );
    }
}
