//! The errors of the database, which name no engine.

use crate::actors::Unreachable;

/// A message failed. Nothing of it was kept, unless the error is [`Unreachable::TimedOut`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// The message could not be delivered or was not answered.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Another process held the database for longer than the busy timeout.
    #[error("the database is locked by another process")]
    Locked,
    /// The disk, or the database's page limit, is full.
    #[error("the disk is full")]
    Full,
    /// The file or its directory cannot be written.
    #[error("the database is read-only")]
    ReadOnly,
    /// The file was deleted or replaced by something that cannot be used.
    #[error("the database file is gone from its path")]
    Gone,
    /// The file cannot be opened.
    #[error("the database cannot be opened: {0}")]
    Unopenable(String),
    /// A handler panicked; the actor has restarted.
    #[error("the database actor panicked and was restarted")]
    Panicked,
    /// The actor has closed the database and answers nothing more.
    #[error("the database is closed")]
    Closed,
    /// Reading or writing failed.
    #[error("database input/output failed: {0}")]
    Io(String),
    /// Anything else: a damaged file, or a bug.
    #[error("database failure: {0}")]
    Other(String),
}
