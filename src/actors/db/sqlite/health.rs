//! Checking and closing the database.

use std::time::Duration;

use actix::{Handler, SyncContext};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::DbActor;
use crate::actors::{
    Ping, PingError,
    db::{Close, DbError},
};

impl Handler<Ping> for DbActor {
    type Result = Result<(), PingError>;

    fn handle(&mut self, _: Ping, _: &mut SyncContext<Self>) -> Self::Result {
        self.check().map_err(|error| PingError::Failed(error.to_string()))
    }
}

impl DbActor {
    /// Checks that the database can be read, that its path still leads to the opened file and, after a failed
    /// write, that it can be written again.
    fn check(&mut self) -> Result<(), DbError> {
        if self.closed {
            return Err(DbError::Closed);
        }
        if !self.file.is_in_place() {
            return Err(DbError::Gone);
        }
        self.connect()?.prepare_cached("SELECT 1 FROM users LIMIT 1")?.exists([])?;
        if self.in_doubt {
            self.commit()?;
            try_writing(self.connect()?)?;
            self.in_doubt = false;
        }
        Ok(())
    }
}

/// Writes a value that is already there: only a write shows whether the next one will work. It does not wait
/// for a lock.
fn try_writing(db: &Connection) -> Result<(), DbError> {
    db.busy_timeout(Duration::ZERO)?;
    let transaction = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
    let version: i32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    transaction.pragma_update(None, "user_version", version)?;
    Ok(transaction.commit()?)
}

impl Handler<Close> for DbActor {
    type Result = Result<(), DbError>;

    fn handle(&mut self, _: Close, _: &mut SyncContext<Self>) -> Self::Result {
        let committed = self.commit();
        self.closed = true;
        if let Some(db) = self.connection.take() {
            db.close().map_err(|(_, error)| error)?;
        }
        committed
    }
}
