//! The engine of the database.

use std::sync::Arc;

use super::{
    Close, DbError, EmptyLog, Request,
    sqlite::{self, DbActor, DbFile},
};
use crate::{
    actors::{Handle, Limits, Named, Pinger},
    domain::Context,
};

/// A message that every engine can answer.
pub trait Answerable: sqlite::Run {}

impl<M: sqlite::Run> Answerable for M {}

/// The database, whichever engine it is. Only this type distinguishes engines.
#[derive(Clone)]
pub enum Db {
    /// An SQLite file.
    Sqlite(Handle<DbActor>),
}

impl Db {
    /// The database's name in errors, logs and metrics.
    pub const NAME: &'static str = DbActor::NAME;

    /// Starts the actor of an SQLite file.
    #[must_use]
    pub fn sqlite(file: Arc<DbFile>, limits: Limits) -> Self {
        Self::Sqlite(DbActor::start(file, limits))
    }

    /// Sends a message and waits for its answer, as [`Handle::ask`] does.
    ///
    /// # Errors
    ///
    /// The database's error, or why it could not be asked.
    pub async fn ask<M: Answerable>(&self, message: M, context: &Context) -> Result<M::Answer, DbError> {
        match self {
            Self::Sqlite(actor) => actor.ask(Request { message, context: context.clone() }).await,
        }
    }

    /// Commits open writes, and then empties the write-ahead log. It does not wait for other processes.
    ///
    /// # Errors
    ///
    /// [`DbError::Locked`] while another process reads, or another failure.
    pub async fn empty_log(&self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(actor) => actor.ask(EmptyLog).await,
        }
    }

    /// Commits open writes and closes the database. Later messages fail with [`DbError::Closed`].
    ///
    /// # Errors
    ///
    /// If the last commit fails, or the database cannot be closed.
    pub async fn close(&self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(actor) => actor.ask(Close).await,
        }
    }

    /// The number of messages in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        match self {
            Self::Sqlite(actor) => actor.in_flight(),
        }
    }
}

impl From<&Db> for Pinger {
    fn from(db: &Db) -> Self {
        match db {
            Db::Sqlite(actor) => actor.into(),
        }
    }
}
