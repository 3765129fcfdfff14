//! `ThrottleActor`: who may try a password, and when.
//!
//! Failures count, successes do not, and a pending attempt counts as a failure until it is
//! settled. `failure_counts` has the limits; those that one guesser could turn against an account's owner
//! do not bind networks that the account has logged in from. The actor answers every message at
//! once and waits for nobody. All is in memory, in bounded memory, and forgotten at a restart.

mod failure_counts;
mod key;
mod permit;
mod table;
mod waiting;

use std::{net::IpAddr, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, Message};

pub use self::{
    failure_counts::AttemptOutcome,
    key::Attempt,
    permit::{BeginReply, Permit, Waiting},
};
use self::{
    failure_counts::{AttemptDecision, AttemptId, Count, FailureCounts},
    key::{CounterKeys, Registrant},
    waiting::{WaiterId, WaitingList},
};
use super::{Handle, Limits, Unreachable};
use crate::domain::{Allowance, Clock, LoginName, Network, NoRandomness, Random, SessionId};

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

/// The actor that owns the failure counts; see the module's documentation.
#[derive(Debug)]
pub struct ThrottleActor {
    failures: FailureCounts,
    waiting: WaitingList,
    clock: Clock,
}

impl ThrottleActor {
    /// Lets attempts try again that wait for room in one count.
    fn wake(&mut self, count: Count) {
        match self.failures.allowance(count, self.clock.monotonic()) {
            Allowance::Attempts(more) => self.waiting.wake(count, more),
            // They will be told so.
            Allowance::Throttled(_) => self.waiting.wake(count, u32::MAX),
        }
    }

    fn wake_all_of(&mut self, attempt: &Attempt) {
        for count in attempt.counts() {
            self.wake(count);
        }
    }

    fn sweep(&mut self) {
        for lost in self.failures.forget_old(self.clock.monotonic()) {
            self.wake_all_of(&lost);
        }
    }
}

impl Actor for ThrottleActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(4096);
        ctx.run_interval(Duration::from_mins(1), |actor, _| actor.sweep());
    }
}

/// Asks whether an attempt is worth queueing for, without beginning it.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), ThrottleError>")]
struct CheckAttempt {
    attempt: Attempt,
}

impl Handler<CheckAttempt> for ThrottleActor {
    type Result = Result<(), ThrottleError>;

    fn handle(&mut self, CheckAttempt { attempt }: CheckAttempt, _: &mut Context<Self>) -> Self::Result {
        match self.failures.judge(&attempt, self.clock.monotonic()) {
            AttemptDecision::Throttled(retry_after) => Err(ThrottleError::Throttled { retry_after }),
            AttemptDecision::StrangersThrottled(retry_after) => {
                Err(ThrottleError::StrangersThrottled { retry_after })
            }
            AttemptDecision::Allow | AttemptDecision::Wait(_) => Ok(()),
        }
    }
}

/// Begins an attempt, now that its password is about to be looked at.
#[derive(Message)]
#[rtype(result = "Result<BeginReply, ThrottleError>")]
struct BeginAttempt {
    attempt: Attempt,
    /// What the answer, when it is dropped, is told by.
    throttle: Throttle,
}

impl Handler<BeginAttempt> for ThrottleActor {
    type Result = Result<BeginReply, ThrottleError>;

    /// The answer is the permit itself: where nobody takes it, its drop settles the attempt.
    fn handle(&mut self, message: BeginAttempt, _: &mut Context<Self>) -> Self::Result {
        let BeginAttempt { attempt, throttle } = message;
        let now = self.clock.monotonic();
        match self.failures.judge(&attempt, now) {
            AttemptDecision::Allow => {
                let id = self.failures.begin(attempt, now);
                Ok(BeginReply::Permit(Permit::new(throttle, id, attempt)))
            }
            AttemptDecision::Wait(count) => {
                let (id, woken) = self.waiting.add(count).ok_or(ThrottleError::TooManyWaiting)?;
                Ok(BeginReply::Wait(Waiting::new(throttle, count, id, woken)))
            }
            AttemptDecision::Throttled(retry_after) => Err(ThrottleError::Throttled { retry_after }),
            AttemptDecision::StrangersThrottled(retry_after) => {
                Err(ThrottleError::StrangersThrottled { retry_after })
            }
        }
    }
}

/// Ends an attempt.
#[derive(Debug, Message)]
#[rtype(result = "()")]
struct SettleAttempt {
    id: AttemptId,
    attempt: Attempt,
    outcome: AttemptOutcome,
}

impl Handler<SettleAttempt> for ThrottleActor {
    type Result = ();

    fn handle(&mut self, message: SettleAttempt, _: &mut Context<Self>) {
        let SettleAttempt { id, attempt, outcome } = message;
        self.failures.settle(id, &attempt, outcome, self.clock.monotonic());
        self.wake_all_of(&attempt);
    }
}

/// Somebody no longer waits: they were woken and have tried again, or they have gone.
#[derive(Debug, Message)]
#[rtype(result = "()")]
struct StopWaiting {
    count: Count,
    id: WaiterId,
}

impl Handler<StopWaiting> for ThrottleActor {
    type Result = ();

    fn handle(&mut self, StopWaiting { count, id }: StopWaiting, _: &mut Context<Self>) {
        self.waiting.remove(count, id);
        // Whoever was woken, and went without beginning, leaves room for the next.
        self.wake(count);
    }
}

/// Counts a registration.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), ThrottleError>")]
struct CountRegistration {
    registrant: Registrant,
}

impl Handler<CountRegistration> for ThrottleActor {
    type Result = Result<(), ThrottleError>;

    fn handle(&mut self, message: CountRegistration, _: &mut Context<Self>) -> Self::Result {
        let counted = self.failures.count_registration(&message.registrant, self.clock.monotonic());
        counted.map_err(|retry_after| ThrottleError::Throttled { retry_after })
    }
}

/// Asks whether the throttle answers.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), Unreachable>")]
struct PingThrottle;

impl Handler<PingThrottle> for ThrottleActor {
    type Result = Result<(), Unreachable>;

    fn handle(&mut self, _: PingThrottle, _: &mut Context<Self>) -> Self::Result {
        Ok(())
    }
}

/// Asks how much the throttle remembers; what is too old to matter is dropped first.
#[derive(Debug, Message)]
#[rtype(result = "Result<ThrottleStatus, Unreachable>")]
struct ReadStatus;

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

impl Handler<ReadStatus> for ThrottleActor {
    type Result = Result<ThrottleStatus, Unreachable>;

    fn handle(&mut self, _: ReadStatus, _: &mut Context<Self>) -> Self::Result {
        self.sweep();
        Ok(ThrottleStatus {
            entries: self.failures.entries(),
            pending: self.failures.pending(),
            waiting: self.waiting.len(),
        })
    }
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
        let actor =
            ThrottleActor { failures: FailureCounts::default(), waiting: WaitingList::default(), clock };
        Ok(Self { handle: Handle::new("throttle", actor.start(), limits), keys })
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

    /// Whether the actor answers.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn ping(&self) -> Result<(), Unreachable> {
        self.handle.ask(PingThrottle).await
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
