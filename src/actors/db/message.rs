//! Messages to the database, and the envelope in which they are sent.

use actix::Message;

use super::DbError;
use crate::domain::Context;

/// A message to the database: one read, or one change that takes effect wholly or not at all.
pub trait DbMessage: Send + 'static {
    /// The answer to the message.
    type Answer: Send + 'static;
}

/// A message and the context in which it is sent.
#[derive(Debug)]
pub struct Request<M> {
    /// The message.
    pub message: M,
    /// The time, the principal and the request for which it is sent.
    pub context: Context,
}

impl<M: DbMessage> Message for Request<M> {
    type Result = Result<M::Answer, DbError>;
}

/// One message for many callers. Each caller's entry gets its own answer or error.
pub trait CoalescedMessage: DbMessage<Answer = Vec<Result<Self::EntryAnswer, DbError>>> {
    /// The question of one caller.
    type Entry: 'static;
    /// The answer to one entry.
    type EntryAnswer: Send + 'static;

    /// Makes a message from entries. The answers are in the same order.
    fn from_entries(entries: Vec<Self::Entry>) -> Self;
}
