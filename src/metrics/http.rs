//! Metrics of HTTP requests.

use std::{cell::RefCell, collections::HashMap, time::Duration};

use prometheus::{Histogram, HistogramVec, IntGauge};

use super::registry::{metrics, seconds};

metrics! {
    REQUESTS: HistogramVec = HistogramVec::new(
        seconds("sekisho_http_request_duration_seconds", "How long HTTP requests took, by route and status."),
        &["route", "status"],
    );
    REQUESTS_IN_FLIGHT: IntGauge =
        IntGauge::new("sekisho_http_requests_in_flight", "HTTP requests that are being answered.");
}

thread_local! {
    static KNOWN: RefCell<HashMap<(usize, u16), Histogram>> = RefCell::default();
}

/// Records the answer to a request. `route` is the declared path, not the requested one.
pub(crate) fn request_answered(route: &'static str, status: u16, took: Duration) {
    KNOWN.with_borrow_mut(|known| {
        // Each declared path is one static text, so its address identifies it.
        let key = (route.as_ptr().addr(), status);
        known
            .entry(key)
            .or_insert_with(|| REQUESTS.with_label_values(&[route, status.to_string().as_str()]))
            .observe(took.as_secs_f64());
    });
}
