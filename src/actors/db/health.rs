//! Whether the database works, how big it is, and its orderly end.

use std::time::Duration;

use actix::{Handler, Message, SyncContext};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{DbActor, DbError};

/// Asks whether the database can be read, still stands where it was opened, and, where a write has
/// failed, whether it can be written again.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), DbError>")]
pub struct Ping;

impl Handler<Ping> for DbActor {
    type Result = Result<(), DbError>;

    fn handle(&mut self, _: Ping, _: &mut SyncContext<Self>) -> Self::Result {
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

/// Writes what is there already: only a write shows whether the next one will work. It waits for
/// nobody.
fn try_writing(db: &Connection) -> Result<(), DbError> {
    db.busy_timeout(Duration::ZERO)?;
    let transaction = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
    let version: i32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    transaction.pragma_update(None, "user_version", version)?;
    Ok(transaction.commit()?)
}

/// Commits what is open and closes the database; everything after is [`DbError::Closed`].
///
/// A sync arbiter's thread cannot be joined, so the answer to this is how a shutdown knows that
/// the file is whole.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), DbError>")]
pub struct Close;

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
