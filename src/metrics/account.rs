//! Metrics of logins, registrations and refreshes.

use prometheus::{IntCounter, IntCounterVec, Opts};

use super::registry::metrics;

metrics! {
    LOGINS: IntCounterVec =
        IntCounterVec::new(Opts::new("sekisho_logins_total", "Logins by outcome."), &["outcome"]);
    REFRESHES: IntCounterVec = IntCounterVec::new(
        Opts::new(
            "sekisho_refreshes_total",
            "Refreshes by outcome (rotated, replayed, replayed_elsewhere, reused, refused).",
        ),
        &["outcome"],
    );
    ATTEMPTS_THROTTLED: IntCounter = IntCounter::new(
        "sekisho_password_attempts_throttled_total",
        "Password attempts refused because of failures before them.",
    );
    REGISTRATIONS_THROTTLED: IntCounter = IntCounter::new(
        "sekisho_registrations_throttled_total",
        "Registrations and changes of address refused because of those before them from the same network.",
    );
}
