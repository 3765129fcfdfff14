//! The trait of use cases.

use std::future::Future;

use actix::Message;

use super::Dependencies;
use crate::actors::Unreachable;

/// A use case: a message, and how it is carried out.
pub trait UseCase: Message<Result = Result<Self::Answer, Self::Error>> + Send + 'static {
    /// The answer if it succeeds.
    type Answer: Send + 'static;
    /// Why it failed.
    type Error: From<Unreachable> + Send + 'static;

    /// Carries out the use case. The future may be dropped at any await: what must happen together is one
    /// message to one actor.
    fn run(self, deps: &Dependencies) -> impl Future<Output = Result<Self::Answer, Self::Error>>;
}
