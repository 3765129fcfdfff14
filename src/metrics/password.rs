//! Metrics of hashing, and of the queue for it.

use prometheus::{Histogram, IntCounter};

use super::registry::{metrics, numbers, seconds};

metrics! {
    HASH_SECONDS: Histogram = Histogram::with_opts(seconds(
        "sekisho_hash_duration_seconds",
        "How long one bcrypt took, beside the others of its group.",
    ));
    HASH_LANES: Histogram = Histogram::with_opts(numbers(
        "sekisho_hash_lanes",
        "How many bcrypts a hash thread computed side by side.",
        &[1.0, 2.0, 3.0, 4.0],
    ));
    HASH_WAIT_SECONDS: Histogram = Histogram::with_opts(seconds(
        "sekisho_hash_wait_seconds",
        "How long logins and registrations waited for a hash thread, of those that waited.",
    ));
    HASHES_REFUSED: IntCounter = IntCounter::new(
        "sekisho_hash_queue_refused_total",
        "Logins and registrations refused because the wait for a hash would be, or was, too long.",
    );
}
