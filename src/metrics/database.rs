//! Metrics of the database: its writes, its sizes and its rows.

use prometheus::{Histogram, IntGauge};

use super::registry::{metrics, numbers, seconds};

metrics! {
    BATCH_WRITES: Histogram = Histogram::with_opts(numbers(
        "sekisho_db_batch_writes",
        "How many writes one COMMIT made durable.",
        &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0],
    ));
    COMMIT_SECONDS: Histogram =
        Histogram::with_opts(seconds("sekisho_db_commit_duration_seconds", "How long a COMMIT took."));
    USERS: IntGauge = IntGauge::new("sekisho_users", "Accounts; counted 5,000 a second.");
    SESSIONS: IntGauge =
        IntGauge::new("sekisho_sessions", "Sessions that have not ended; counted 5,000 a second.");
    DATABASE_BYTES: IntGauge =
        IntGauge::new("sekisho_database_bytes", "The database's size; read every second.");
    WAL_BYTES: IntGauge =
        IntGauge::new("sekisho_wal_bytes", "The write-ahead log's size; read every second.");
}
