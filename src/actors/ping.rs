//! A message that asks any actor whether it can do its work.

use std::rc::Rc;

use actix::{Handler, Message, dev::ToEnvelope};
use futures_util::future::LocalBoxFuture;

use super::{Handle, Named, Unreachable};

/// Asks an actor whether it can do its work.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), PingError>")]
pub struct Ping;

/// Why an actor cannot do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PingError {
    /// The message could not be delivered or was not answered.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The actor's own error, as text.
    #[error("{0}")]
    Failed(String),
}

/// Pings one actor of any kind.
#[derive(Clone)]
pub struct Pinger {
    name: &'static str,
    ping: Rc<dyn Fn() -> LocalBoxFuture<'static, Result<(), PingError>>>,
}

impl Pinger {
    /// The actor's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Sends the actor a [`Ping`] and waits for its answer.
    ///
    /// # Errors
    ///
    /// The actor's answer, or why there is none.
    pub async fn ping(&self) -> Result<(), PingError> {
        (self.ping)().await
    }
}

impl<A> From<&Handle<A>> for Pinger
where
    A: Named + Handler<Ping>,
    A::Context: ToEnvelope<A, Ping>,
{
    fn from(handle: &Handle<A>) -> Self {
        let handle = handle.clone();
        let ping = move || {
            let handle = handle.clone();
            Box::pin(async move { handle.ask(Ping).await }) as LocalBoxFuture<'static, _>
        };
        Self { name: A::NAME, ping: Rc::new(ping) }
    }
}
