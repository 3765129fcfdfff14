//! `ThrottleActor`: who may try a password, and when.
//!
//! Failures count, successes do not, and a pending attempt counts as a failure until it is
//! settled. `failure_counts` has the limits; those that one guesser could turn against an account's owner
//! do not bind networks that the account has logged in from. The actor answers every message at
//! once and waits for nobody. All is in memory, in bounded memory, and forgotten at a restart.

mod actor;
mod failure_counts;
mod key;
mod permit;
mod table;
mod waiting;

use std::{net::IpAddr, time::Duration};

pub use self::{
    actor::ThrottleActor,
    failure_counts::AttemptOutcome,
    key::Attempt,
    permit::{BeginReply, Permit, Waiting},
};
use self::{
    actor::{BeginAttempt, CheckAttempt, CountRegistration, ReadStatus},
    key::CounterKeys,
};
use super::{Handle, Limits, Unreachable};
use crate::domain::{Clock, LoginName, Network, NoRandomness, Random, SessionId};

/// Why an attempt may not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ThrottleError {
    /// The actor could not be asked.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Too many failures.
    #[error("too many failed attempts")]
    Throttled {
        /// When the next attempt is allowed.
        retry_after: Duration,
    },
    /// Too many failures, for accounts that have never logged in from the client's network; others
    /// may try again with [`Attempt::familiar`].
    #[error("too many failed attempts of strangers")]
    StrangersThrottled {
        /// When a stranger's next attempt is allowed.
        retry_after: Duration,
    },
    /// Too many attempts wait for pending ones to be settled.
    #[error("too many attempts are waiting")]
    TooManyWaiting,
}

/// The way to the throttle. It turns names and addresses into keys, so that the actor never sees
/// them.
#[derive(Clone)]
pub struct Throttle {
    handle: Handle<ThrottleActor>,
    keys: CounterKeys,
}

impl Throttle {
    /// Starts a throttle that has seen nobody yet, on this thread.
    ///
    /// # Errors
    ///
    /// When there is no randomness for the key that names are hashed with.
    pub fn start(clock: Clock, random: &Random, limits: Limits) -> Result<Self, NoRandomness> {
        let keys = CounterKeys::new(random)?;
        Ok(Self { handle: Handle::new(ThrottleActor::start(clock), limits), keys })
    }

    /// A login with a name as it was typed. A username and an e-mail address are counted apart, so
    /// that nobody learns from the throttle that they belong together.
    #[must_use]
    pub fn login(&self, name: &LoginName, ip: Option<IpAddr>) -> Attempt {
        self.keys.login(name, ip)
    }

    /// Somebody who has a session and confirms their password. A failure counts as a failed login
    /// with that name from that network. Over all networks it is counted by session: a name that
    /// is under attack does not keep its owner from changing the password.
    #[must_use]
    pub fn confirmation(&self, name: &LoginName, session: SessionId, ip: Option<IpAddr>) -> Attempt {
        self.keys.confirmation(name, session, ip)
    }

    /// Whether an attempt is worth queueing for.
    ///
    /// # Errors
    ///
    /// See [`ThrottleError`].
    pub async fn check(&self, attempt: Attempt) -> Result<(), ThrottleError> {
        self.handle.ask(CheckAttempt { attempt }).await
    }

    /// Begins an attempt, or tells that others must be settled first. It does not wait.
    ///
    /// # Errors
    ///
    /// See [`ThrottleError`].
    pub async fn begin(&self, attempt: Attempt) -> Result<BeginReply, ThrottleError> {
        self.handle.ask(BeginAttempt { attempt, throttle: self.clone() }).await
    }

    /// Counts a registration against the client's network, whatever will come of it. Where no
    /// address is known there is nothing to count against.
    ///
    /// # Errors
    ///
    /// [`ThrottleError::Throttled`] where the network has had too many.
    pub async fn count_registration(&self, ip: Option<IpAddr>) -> Result<(), ThrottleError> {
        let Some(ip) = ip else { return Ok(()) };
        self.handle.ask(CountRegistration { registrant: self.keys.registrant(Network::of(ip)) }).await
    }

    /// The actor itself.
    #[must_use]
    pub const fn handle(&self) -> &Handle<ThrottleActor> {
        &self.handle
    }

    /// How much is remembered. All of it is looked through.
    ///
    /// # Errors
    ///
    /// When the actor does not answer.
    pub async fn status(&self) -> Result<ThrottleStatus, Unreachable> {
        self.handle.ask(ReadStatus).await
    }
}

/// How much the throttle remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleStatus {
    /// Histories, over all limits.
    pub entries: usize,
    /// Attempts that have begun and are not settled.
    pub pending: usize,
    /// Attempts that wait for one of those to be settled.
    pub waiting: usize,
}
