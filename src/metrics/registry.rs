//! The registry, and the form in which the areas declare their metrics.

use std::sync::LazyLock;

use prometheus::{HistogramOpts, Registry, core::Collector};

/// From 10 µs to 40 s. Each bucket is four times the one before.
const SECONDS: [f64; 12] = [
    0.000_01, 0.000_04, 0.000_16, 0.000_64, 0.002_56, 0.010_24, 0.040_96, 0.163_84, 0.655_36, 2.621_44,
    10.485_76, 41.943_04,
];

pub(super) static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// Declares the metrics of an area, and its function `register`, from which on all of them are served.
macro_rules! metrics {
    ($($name:ident: $kind:ty = $made:expr;)+) => {
        $(pub(crate) static $name: std::sync::LazyLock<$kind> =
            std::sync::LazyLock::new(|| $crate::metrics::registry::registered($made));)+

        pub(super) fn register() {
            $(std::sync::LazyLock::force(&$name);)+
        }
    };
}
pub(super) use metrics;

pub(super) fn registered<C: Collector + Clone + 'static>(made: prometheus::Result<C>) -> C {
    // Names are constants of this module; a wrong or repeated one fails every test that reads the metrics.
    #[expect(clippy::expect_used, reason = "a mistake in this module, not a condition at run time")]
    let collector = made.expect("a metric's name and labels are valid");
    #[expect(clippy::expect_used, reason = "a mistake in this module, not a condition at run time")]
    REGISTRY.register(Box::new(collector.clone())).expect("a metric's name is its own");
    collector
}

/// A histogram of durations.
pub(super) fn seconds(name: &str, help: &str) -> HistogramOpts {
    HistogramOpts::new(name, help).buckets(SECONDS.to_vec())
}

/// A histogram of small numbers.
pub(super) fn numbers(name: &str, help: &str, buckets: &[f64]) -> HistogramOpts {
    HistogramOpts::new(name, help).buckets(buckets.to_vec())
}
