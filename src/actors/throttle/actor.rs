//! The actor, and its messages.

use std::time::Duration;

use actix::{Actor, Addr, AsyncContext, Context, Handler, Message};

use super::{
    error::ThrottleError,
    failure_counts::{AttemptDecision, Count, FailureCounts},
    key::{Attempt, Registrant},
    permit::{BeginReply, Permit, SettleAttempt, StopWaiting, Waiting},
    waiting::WaitingList,
};
use crate::{
    actors::{Named, Ping, PingError, Unreachable},
    domain::{Allowance, Clock},
};

/// The actor that owns the failure counts; see the module's documentation.
#[derive(Debug)]
pub struct ThrottleActor {
    failures: FailureCounts,
    waiting: WaitingList,
    clock: Clock,
}

impl ThrottleActor {
    /// Starts an actor without any counts, on this thread.
    pub(super) fn start(clock: Clock) -> Addr<Self> {
        let actor = Self { failures: FailureCounts::default(), waiting: WaitingList::default(), clock };
        Actor::start(actor)
    }

    /// Wakes attempts that wait for room in one count.
    fn wake(&mut self, count: Count) {
        match self.failures.allowance(count, self.clock.monotonic()) {
            Allowance::Attempts(more) => self.waiting.wake(count, more),
            // Trying again tells them that they are throttled.
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

impl Named for ThrottleActor {
    const NAME: &'static str = "throttle";
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
pub(super) struct CheckAttempt {
    pub(super) attempt: Attempt,
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

/// Begins an attempt, immediately before its password is checked.
#[derive(Message)]
#[rtype(result = "Result<BeginReply, ThrottleError>")]
pub(super) struct BeginAttempt {
    pub(super) attempt: Attempt,
}

impl Handler<BeginAttempt> for ThrottleActor {
    type Result = Result<BeginReply, ThrottleError>;

    /// The answer is the permit itself: if it is never received, its drop settles the attempt.
    fn handle(&mut self, BeginAttempt { attempt }: BeginAttempt, ctx: &mut Context<Self>) -> Self::Result {
        let now = self.clock.monotonic();
        match self.failures.judge(&attempt, now) {
            AttemptDecision::Allow => {
                let id = self.failures.begin(attempt, now);
                Ok(BeginReply::Permit(Permit::new(ctx.address().recipient(), id, attempt)))
            }
            AttemptDecision::Wait(count) => {
                let (id, woken) = self.waiting.add(count).ok_or(ThrottleError::TooManyWaiting)?;
                Ok(BeginReply::Wait(Waiting::new(ctx.address().recipient(), count, id, woken)))
            }
            AttemptDecision::Throttled(retry_after) => Err(ThrottleError::Throttled { retry_after }),
            AttemptDecision::StrangersThrottled(retry_after) => {
                Err(ThrottleError::StrangersThrottled { retry_after })
            }
        }
    }
}

impl Handler<SettleAttempt> for ThrottleActor {
    type Result = ();

    fn handle(&mut self, message: SettleAttempt, _: &mut Context<Self>) {
        let SettleAttempt { id, attempt, outcome } = message;
        self.failures.settle(id, &attempt, outcome, self.clock.monotonic());
        self.wake_all_of(&attempt);
    }
}

impl Handler<StopWaiting> for ThrottleActor {
    type Result = ();

    fn handle(&mut self, StopWaiting { count, id }: StopWaiting, _: &mut Context<Self>) {
        self.waiting.remove(count, id);
        // An attempt that was woken and left without beginning makes room for the next.
        self.wake(count);
    }
}

/// Counts a registration.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), ThrottleError>")]
pub(super) struct CountRegistration {
    pub(super) registrant: Registrant,
}

impl Handler<CountRegistration> for ThrottleActor {
    type Result = Result<(), ThrottleError>;

    fn handle(&mut self, message: CountRegistration, _: &mut Context<Self>) -> Self::Result {
        let counted = self.failures.count_registration(&message.registrant, self.clock.monotonic());
        counted.map_err(|retry_after| ThrottleError::Throttled { retry_after })
    }
}

impl Handler<Ping> for ThrottleActor {
    type Result = Result<(), PingError>;

    fn handle(&mut self, _: Ping, _: &mut Context<Self>) -> Self::Result {
        Ok(())
    }
}

/// Asks how much the throttle remembers. Outdated entries are dropped first.
#[derive(Debug, Message)]
#[rtype(result = "Result<ThrottleStatus, Unreachable>")]
pub(super) struct ReadStatus;

/// How much the throttle remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleStatus {
    /// The number of entries, over all counts.
    pub entries: usize,
    /// The number of attempts that have begun and are not settled.
    pub pending: usize,
    /// The number of attempts that wait for one of those to be settled.
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
