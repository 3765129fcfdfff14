//! `ThrottleActor`: who may try a password, and when.
//!
//! Failures count, successes do not, and a pending attempt counts as a failure until it is settled.
//! `failure_counts` has the limits. Limits that a guesser could turn against an account's owner do not apply
//! to networks that the account has logged in from. The actor answers every message at once, and never waits.
//! Its state is in memory, bounded, and forgotten at a restart.

mod actor;
mod error;
mod failure_counts;
mod key;
mod permit;
mod table;
mod waiting;

use std::net::IpAddr;

use self::{
    actor::{BeginAttempt, CheckAttempt, CountRegistration, ReadStatus},
    key::CounterKeys,
};
pub use self::{
    actor::{ThrottleActor, ThrottleStatus},
    error::ThrottleError,
    failure_counts::AttemptOutcome,
    key::Attempt,
    permit::{BeginReply, Permit, Waiting},
};
use super::{Handle, Limits, Unreachable};
use crate::domain::{Clock, LoginName, Network, NoRandomness, Random, SessionId};

/// Sends messages to the throttle. It turns names and addresses into keys, so that the actor never sees them.
#[derive(Clone)]
pub struct Throttle {
    handle: Handle<ThrottleActor>,
    keys: CounterKeys,
}

impl Throttle {
    /// Starts a throttle without any counts, on this thread.
    ///
    /// # Errors
    ///
    /// If there is no randomness for the key with which names are hashed.
    pub fn start(clock: Clock, random: &Random, limits: Limits) -> Result<Self, NoRandomness> {
        let keys = CounterKeys::new(random)?;
        Ok(Self { handle: Handle::new(ThrottleActor::start(clock), limits), keys })
    }

    /// A login, with the name as it was typed. A username and an e-mail address are counted separately, so
    /// that the throttle does not reveal that they belong together.
    #[must_use]
    pub fn login(&self, name: &LoginName, ip: Option<IpAddr>) -> Attempt {
        self.keys.login(name, ip)
    }

    /// The confirmation of a password by a user with a session. A failure counts as a failed login with that
    /// name from that network. Over all networks it is counted by session, so an attack on a name does not
    /// keep its owner from changing the password.
    #[must_use]
    pub fn confirmation(&self, name: &LoginName, session: SessionId, ip: Option<IpAddr>) -> Attempt {
        self.keys.confirmation(name, session, ip)
    }

    /// Checks whether an attempt is worth queueing for.
    ///
    /// # Errors
    ///
    /// See [`ThrottleError`].
    pub async fn check(&self, attempt: Attempt) -> Result<(), ThrottleError> {
        self.handle.ask(CheckAttempt { attempt }).await
    }

    /// Begins an attempt, or tells that pending ones must be settled first. It does not wait.
    ///
    /// # Errors
    ///
    /// See [`ThrottleError`].
    pub async fn begin(&self, attempt: Attempt) -> Result<BeginReply, ThrottleError> {
        self.handle.ask(BeginAttempt { attempt }).await
    }

    /// Counts a registration against the client's network, whatever its result. If the address is unknown,
    /// nothing is counted.
    ///
    /// # Errors
    ///
    /// [`ThrottleError::Throttled`] if the network has had too many.
    pub async fn count_registration(&self, ip: Option<IpAddr>) -> Result<(), ThrottleError> {
        let Some(ip) = ip else { return Ok(()) };
        self.handle.ask(CountRegistration { registrant: self.keys.registrant(Network::of(ip)) }).await
    }

    /// The actor behind this handle.
    #[must_use]
    pub const fn handle(&self) -> &Handle<ThrottleActor> {
        &self.handle
    }

    /// How much is remembered. It scans all entries.
    ///
    /// # Errors
    ///
    /// If the actor does not answer.
    pub async fn status(&self) -> Result<ThrottleStatus, Unreachable> {
        self.handle.ask(ReadStatus).await
    }
}
