//! How SQLite runs a message to the database.

use std::ops::Deref;

use rusqlite::Connection;

use crate::{
    actors::db::{DbError, DbMessage},
    domain::{Context, Timestamp},
};

/// Whether a message changes the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only reads.
    Read,
    /// It writes: it runs in a savepoint of the open transaction, and is answered after COMMIT.
    Write,
}

/// How SQLite answers a message: by one read, or by one change that takes effect wholly or not at all.
pub trait Run: DbMessage {
    /// Whether the message changes the database.
    const ACCESS: Access;

    /// Runs the message. An error rolls back what this message changed, and nothing else.
    ///
    /// # Errors
    ///
    /// The database's error.
    fn run(self, tx: &Tx<'_>) -> Result<Self::Answer, DbError>;
}

/// The surroundings of a running message: the connection, in the open transaction if the message writes, and
/// the context in which the message was sent.
#[derive(Debug, Clone, Copy)]
pub struct Tx<'a> {
    /// The connection.
    pub connection: &'a Connection,
    /// The message's context.
    pub context: &'a Context,
}

impl Tx<'_> {
    /// The time at which the message was sent.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.context.now
    }
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}
