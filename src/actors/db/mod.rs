//! The database, as a set of messages.
//!
//! The files here declare messages and their answers, and name no engine. How an engine answers them stands
//! in a folder of its own: [`sqlite`]. The database never hashes, signs or knows HTTP.

mod counts;
mod credentials;
mod error;
mod health;
mod import;
mod keys;
mod listing;
mod networks;
mod purge;
mod refresh_secrets;
mod rotation;
mod sessions;
pub mod sqlite;
mod stored_secrets;
mod users;

use std::sync::Arc;

use actix::{Handler, Message};

use self::sqlite::{DbActor, DbFile};
pub use self::{
    counts::{CountSlice, Slice, TableCounts},
    credentials::{
        Credentials, FindCredentials, FindHighestCost, LoginIdentifier, RenewHash, ReplacePassword,
        SetPassword,
    },
    error::DbError,
    health::{Close, EmptyLog},
    import::{ImportReport, ImportUsers},
    keys::{FindKeys, InsertKey, PurgeKeys, RevokeKey},
    listing::{ListUsers, Page},
    networks::HasLoggedInFrom,
    purge::{PurgeSessions, Purged},
    refresh_secrets::{FindRefreshVersions, InsertRefreshSecret, PurgeRefreshSecrets},
    rotation::{RotateSession, RotateSessions},
    sessions::{EndSession, EndUserSessions, FindActiveUsers, ListSessions, OpenSession, SessionLookup},
    stored_secrets::{FindSecretRows, ReplaceSecretRows},
    users::{
        DeleteRefused, DeleteUser, FindNameConflict, FindUser, InsertUser, NameConflict, SetEmail,
        UpdateRefused, UpdateUser,
    },
};

use super::{Handle, Limits, Pinger};

/// The database, whichever engine it is: the one place that tells engines apart.
#[derive(Clone)]
pub enum Db {
    /// An SQLite file.
    Sqlite(Handle<DbActor>),
}

impl Db {
    /// Starts the actor of an SQLite file.
    #[must_use]
    pub fn sqlite(file: Arc<DbFile>, limits: Limits) -> Self {
        Self::Sqlite(DbActor::start(file, limits))
    }

    /// Sends a message and waits for its answer, as [`Handle::ask`] does.
    ///
    /// # Errors
    ///
    /// What the database answered, or why it did not.
    pub async fn ask<M, T>(&self, message: M) -> Result<T, DbError>
    where
        DbActor: Handler<M>,
        M: Message<Result = Result<T, DbError>> + Send + 'static,
        T: Send + 'static,
    {
        match self {
            Self::Sqlite(actor) => actor.ask(message).await,
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

/// A message to the database: one read, or one change that happens wholly or not at all.
pub trait DbMessage: Message<Result = Result<Self::Answer, DbError>> + Send + 'static {
    /// What the sender gets.
    type Answer: Send + 'static;
}

/// One message for many callers. Each caller's entry gets its own answer or error.
pub trait CoalescedMessage: DbMessage<Answer = Vec<Result<Self::EntryAnswer, DbError>>> {
    /// What one caller asks.
    type Entry: 'static;
    /// The answer to one entry.
    type EntryAnswer: Send + 'static;

    /// Makes a message of entries. The answers are in the same order.
    fn from_entries(entries: Vec<Self::Entry>) -> Self;
}
