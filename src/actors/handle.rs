//! The one way to send a message to an actor: bounded, with a deadline, measured.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use actix::{Actor, Addr, Handler, MailboxError, Message, Recipient, dev::ToEnvelope};

use crate::metrics::actors::{MESSAGES_REFUSED, message_answered, watch_in_flight};

/// Why an actor did not answer. It says nothing about the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// The maximum number of messages is in flight; this one was not sent.
    #[error("{0} is busy")]
    Busy(&'static str),
    /// There was no answer in time. If the message was already being handled, it is handled to its end, so
    /// the outcome is unknown.
    #[error("{0} did not answer in time")]
    TimedOut(&'static str),
    /// The actor has stopped, possibly while it handled the message.
    #[error("{0} has stopped")]
    Stopped(&'static str),
}

impl Unreachable {
    /// The same error, after the metrics have counted it.
    fn counted(self) -> Self {
        let (actor, reason) = match self {
            Self::Busy(actor) => (actor, "busy"),
            Self::TimedOut(actor) => (actor, "timed_out"),
            Self::Stopped(actor) => (actor, "stopped"),
        };
        MESSAGES_REFUSED.with_label_values(&[actor, reason]).inc();
        self
    }
}

/// An actor with a name, for errors, logs, metrics and `/readyz`.
pub trait Named: Actor {
    /// The name.
    const NAME: &'static str;
}

/// The limits on messages to an actor.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The maximum number of messages in flight, over all clones of a handle.
    pub in_flight: usize,
    /// How long to wait for one answer; `None` if the actor relies on the deadlines of the actors that it
    /// asks.
    pub deadline: Option<Duration>,
}

/// The address of an actor, with limits.
///
/// The queue of a `SyncArbiter` is unbounded: without limits, a slow disk would let every request queue up.
/// Clones share one count of messages in flight.
pub struct Handle<A: Actor> {
    addr: Addr<A>,
    limits: Limits,
    in_flight: InFlight,
}

/// The number of messages in flight to an actor, over all clones of its handle.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    /// The number.
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl<A: Actor> Clone for Handle<A> {
    fn clone(&self) -> Self {
        Self { addr: self.addr.clone(), limits: self.limits, in_flight: self.in_flight.clone() }
    }
}

impl<A: Named> Handle<A> {
    /// Wraps an address.
    #[must_use]
    pub fn new(addr: Addr<A>, limits: Limits) -> Self {
        Self::counted_by(addr, limits, InFlight::default())
    }

    /// Wraps an address, with a count that the actor itself reads.
    pub(super) fn counted_by(addr: Addr<A>, limits: Limits, in_flight: InFlight) -> Self {
        watch_in_flight(A::NAME, &in_flight.0);
        Self { addr, limits, in_flight }
    }

    /// The bare address, for callers that need neither limit nor deadline.
    #[must_use]
    pub const fn addr(&self) -> &Addr<A> {
        &self.addr
    }

    /// Sends a message and waits for its answer.
    ///
    /// Dropping the future cancels the message if its handling has not begun.
    ///
    /// ```
    /// use sekisho::{
    ///     actors::account::{LogIn, LoginError},
    ///     app::{Overrides, Sekisho},
    ///     config::{Config, Database},
    ///     domain::{Password, RequestOrigin, Scope},
    /// };
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # actix::System::new().block_on(async {
    /// # let mut config = Config::default();
    /// # config.database.location = Database::Memory;
    /// # config.password.bcrypt_cost = 4;
    /// # let sekisho = Sekisho::start(config, "http://localhost:8000", Overrides::default()).await?;
    /// let accounts = sekisho.accounts();
    /// let answer = accounts
    ///     .ask(LogIn {
    ///         name: "alice".to_owned(),
    ///         password: Password::new("a guess".to_owned()),
    ///         scope: Scope::default(),
    ///         origin: RequestOrigin::default(),
    ///     })
    ///     .await;
    ///
    /// // Each message has its own error type.
    /// assert!(matches!(answer, Err(LoginError::Incorrect)));
    /// # sekisho.close().await?;
    /// # Ok(()) })
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The message's error, or [`Unreachable`] converted into it.
    pub async fn ask<M, T, E>(&self, message: M) -> Result<T, E>
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message<Result = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<Unreachable> + Send + 'static,
    {
        let Some(_guard) = InFlightGuard::take(&self.in_flight.0, self.limits.in_flight) else {
            return Err(Unreachable::Busy(A::NAME).counted().into());
        };
        let started = Instant::now();
        #[expect(clippy::disallowed_methods, reason = "the one way to send")]
        let request = self.addr.send(message);
        let answer = match self.limits.deadline {
            Some(deadline) => request.timeout(deadline).await,
            None => request.await,
        };
        match answer {
            Ok(result) => {
                message_answered::<A, M>(A::NAME, started.elapsed());
                result
            }
            Err(MailboxError::Timeout) => Err(Unreachable::TimedOut(A::NAME).counted().into()),
            Err(MailboxError::Closed) => Err(Unreachable::Stopped(A::NAME).counted().into()),
        }
    }

    /// Sends a message that has no answer. It is not counted: such messages are small, and end something that
    /// was counted.
    pub fn tell<M>(&self, message: M)
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message<Result = ()> + Send + 'static,
    {
        #[expect(clippy::disallowed_methods, reason = "the one way to send")]
        self.addr.do_send(message);
    }

    /// The number of messages in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.count()
    }
}

/// Sends a message that has no answer to an actor of any type. It is neither bounded nor counted.
pub(super) fn tell<M>(to: &Recipient<M>, message: M)
where
    M: Message<Result = ()> + Send,
{
    #[expect(clippy::disallowed_methods, reason = "the one way to send")]
    to.do_send(message);
}

/// Counts one message in flight until it is dropped.
struct InFlightGuard<'a>(&'a AtomicUsize);

impl<'a> InFlightGuard<'a> {
    fn take(in_flight: &'a AtomicUsize, limit: usize) -> Option<Self> {
        // Counting before checking keeps the limit exact under concurrency.
        if in_flight.fetch_add(1, Ordering::Relaxed) >= limit {
            in_flight.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self(in_flight))
    }
}

impl Drop for InFlightGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_refused_at_the_limit_and_allowed_again_after() {
        let in_flight = AtomicUsize::new(0);
        let first = InFlightGuard::take(&in_flight, 2);
        let second = InFlightGuard::take(&in_flight, 2);

        assert!(first.is_some() && second.is_some());
        assert!(InFlightGuard::take(&in_flight, 2).is_none());

        drop(first);
        assert!(InFlightGuard::take(&in_flight, 2).is_some());
        assert_eq!(in_flight.load(Ordering::Relaxed), 1);
    }
}
