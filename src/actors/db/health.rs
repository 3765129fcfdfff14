//! Messages to the database as a whole: emptying the write-ahead log, and closing.

use actix::Message;

use super::DbError;

/// Commits open writes, and then empties the write-ahead log. It does not wait for other processes: while one
/// reads, the answer is [`DbError::Locked`].
#[derive(Debug, Message)]
#[rtype(result = "Result<(), DbError>")]
pub struct EmptyLog;

/// Commits what is open and closes the database; later messages fail with [`DbError::Closed`].
///
/// A sync arbiter's thread cannot be joined, so the answer to this is how a shutdown knows that
/// the file is whole.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), DbError>")]
pub struct Close;
