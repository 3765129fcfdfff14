//! What a use case is.

use std::future::Future;

use actix::Message;

use super::Dependencies;
use crate::actors::Unreachable;

/// A use case: a message, and what is done about it.
pub trait UseCase: Message<Result = Result<Self::Answer, Self::Error>> + Send + 'static {
    /// What the sender gets.
    type Answer: Send + 'static;
    /// Why the sender does not get it.
    type Error: From<Unreachable> + Send + 'static;

    /// Does it. The future may be dropped at any point where it waits: whatever must happen
    /// together is one message to one actor.
    fn run(self, deps: &Dependencies) -> impl Future<Output = Result<Self::Answer, Self::Error>>;
}
