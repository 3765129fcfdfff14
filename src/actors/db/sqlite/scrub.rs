//! Rewriting the file once, so that no deleted or encrypted data remains in it.
//!
//! Deleted data is overwritten at once (`secure_delete`). A database from before that setting has remnants in
//! its free space. A database whose secrets were just encrypted has them in the clear in its free space and
//! its log. The task is stored in the table `unfinished`, so that a crash does not lose it.

use std::time::Duration;

use actix::{Handler, SyncContext};
use rusqlite::Connection;

use super::{DbActor, DbFile};
use crate::actors::db::{DbError, EmptyLog};

/// Notes that the file has to be rewritten.
pub(super) fn request_scrub(db: &Connection) -> Result<(), DbError> {
    db.execute("INSERT OR IGNORE INTO unfinished (task) VALUES ('scrub')", [])?;
    Ok(())
}

impl DbFile {
    /// Rewrites the file and empties its log, if that is due, and returns whether it was. It takes as long as
    /// copying the file, and as much room on the disk. It runs at the start.
    ///
    /// # Errors
    ///
    /// If the disk is full, or another process uses the database all the time. The task is still due then.
    pub fn scrub_if_due(&self) -> Result<bool, DbError> {
        if self.path().is_none() {
            return Ok(false);
        }
        let db = self.connect()?;
        if !db.query_one("SELECT EXISTS (SELECT 1 FROM unfinished WHERE task = 'scrub')", [], |row| {
            row.get(0)
        })? {
            return Ok(false);
        }
        // The temporary copy is as large as the database.
        db.execute_batch("PRAGMA temp_store = FILE; VACUUM;")?;
        empty_log(&db)?;
        db.execute("DELETE FROM unfinished WHERE task = 'scrub'", [])?;
        Ok(true)
    }

    /// Empties the log, which holds pages from before their last changes.
    ///
    /// # Errors
    ///
    /// If another process reads or writes all the time.
    pub fn empty_log(&self) -> Result<(), DbError> {
        empty_log(&self.connect()?)
    }
}

impl Handler<EmptyLog> for DbActor {
    type Result = Result<(), DbError>;

    fn handle(&mut self, _: EmptyLog, _: &mut SyncContext<Self>) -> Self::Result {
        if self.closed {
            return Err(DbError::Closed);
        }
        self.commit()?;
        let db = self.connect()?;
        db.busy_timeout(Duration::ZERO)?;
        empty_log(db)
    }
}

fn empty_log(db: &Connection) -> Result<(), DbError> {
    let is_busy = db.query_one("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_busy { Err(DbError::Locked) } else { Ok(()) }
}
