//! Whether the database works, how big it is, and its orderly end.

use std::time::Duration;

use actix::{Handler, Message, SyncContext};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{Access, DbActor, DbError, DbMessage};

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
            self.commit();
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
        self.commit();
        self.closed = true;
        match self.connection.take() {
            Some(db) => db.close().map_err(|(_, error)| error.into()),
            None => Ok(()),
        }
    }
}

/// Counts rows, for the gauges. Each count reads an index, never the table.
#[derive(Debug, Message)]
#[rtype(result = "Result<RowCounts, DbError>")]
pub struct CountRows;

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowCounts {
    /// Accounts.
    pub users: i64,
    /// Sessions that have not ended, expired ones that were not purged yet among them.
    pub sessions: i64,
    /// The database file's size, in bytes.
    pub database_bytes: i64,
}

impl DbMessage for CountRows {
    type Answer = RowCounts;
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Connection) -> Result<RowCounts, DbError> {
        let number = |sql: &str| -> Result<i64, DbError> {
            Ok(db.prepare_cached(sql)?.query_one([], |row| row.get(0))?)
        };
        Ok(RowCounts {
            users: number("SELECT count(*) FROM users INDEXED BY sqlite_autoindex_users_2")?,
            sessions: number(
                "SELECT count(*) FROM sessions INDEXED BY sessions_alive_of_user WHERE ended_at IS NULL",
            )?,
            database_bytes: number(
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            )?,
        })
    }
}
