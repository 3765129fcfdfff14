//! Opening a connection with all required settings.

use std::{
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};

use crate::actors::db::DbError;

/// How long a write waits for another process that holds the database.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) fn connect(path: &str, busy_timeout: Duration) -> Result<Connection, DbError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(busy_timeout)?;
    db.set_prepared_statement_cache_capacity(64);
    db.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -32768;
         PRAGMA journal_size_limit = 67108864;",
    )?;
    Ok(db)
}

/// Connects while other processes may be starting on the file as well. When two switch a new file to WAL mode
/// at once, SQLite refuses one of them without waiting, to prevent a deadlock.
pub(super) fn connect_at_start(path: &str, busy_timeout: Duration) -> Result<Connection, DbError> {
    let started = Instant::now();
    loop {
        match connect(path, busy_timeout) {
            Err(DbError::Locked) if started.elapsed() < busy_timeout => thread::yield_now(),
            outcome => return outcome,
        }
    }
}
