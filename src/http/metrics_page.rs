//! `/metrics`, on a separate listener: the figures are for the operator, not for the public.

use actix_web::{HttpResponse, http::header, web::ServiceConfig};

use crate::metrics;

/// The one route of the metrics listener.
pub fn metrics_page(config: &mut ServiceConfig) {
    config.route(
        "/metrics",
        actix_web::web::get().to(|| async {
            HttpResponse::Ok()
                .insert_header((header::CONTENT_TYPE, metrics::CONTENT_TYPE))
                .body(metrics::render())
        }),
    );
}
