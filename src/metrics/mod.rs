//! Metrics, with the names and units that Prometheus recommends.
//!
//! Metrics belong to the process: two instances of Sekisho in one process would be added up. Busy metrics are
//! looked up once per thread, so that a request costs a few atomic additions.

pub(crate) mod account;
pub(crate) mod actors;
pub(crate) mod database;
pub(crate) mod http;
pub(crate) mod password;
mod registry;

use prometheus::{Encoder, IntGaugeVec, Opts, TextEncoder};

use self::registry::{REGISTRY, metrics};

metrics! {
    BUILD_INFO: IntGaugeVec = IntGaugeVec::new(
        Opts::new("sekisho_build_info", "Which version this is; always 1."),
        &["version"],
    );
}

/// The media type of [`render`].
pub(crate) const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// All metrics, in Prometheus' text format. Those that have not been used yet are zero.
pub(crate) fn render() -> Vec<u8> {
    for register in [
        register,
        account::register,
        actors::register,
        database::register,
        http::register,
        password::register,
    ] {
        register();
    }
    BUILD_INFO.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    actors::read_in_flight();
    let mut text = Vec::new();
    if let Err(error) = TextEncoder::new().encode(&REGISTRY.gather(), &mut text) {
        log::error!("metrics cannot be rendered: {error}");
    }
    text
}
