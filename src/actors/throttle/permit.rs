//! What a pending or waiting attempt holds. Dropping it notifies the throttle.

use actix::{Message, Recipient};
use tokio::sync::oneshot;

use super::{
    failure_counts::{AttemptId, AttemptOutcome, Count},
    key::Attempt,
    waiting::WaiterId,
};
use crate::actors::handle::tell;

/// The answer to an attempt that asks to begin.
pub enum BeginReply {
    /// The attempt has begun.
    Permit(Permit),
    /// Pending attempts must be settled first.
    Wait(Waiting),
}

/// A pending attempt. If it is dropped unsettled, it ends as not checked.
#[must_use = "dropping it settles the attempt as not looked at"]
pub struct Permit {
    throttle: Recipient<SettleAttempt>,
    id: AttemptId,
    attempt: Attempt,
    outcome: AttemptOutcome,
}

impl Permit {
    pub(super) const fn new(throttle: Recipient<SettleAttempt>, id: AttemptId, attempt: Attempt) -> Self {
        Self { throttle, id, attempt, outcome: AttemptOutcome::NotLookedAt }
    }

    /// Settles the attempt.
    pub fn settle(mut self, outcome: AttemptOutcome) {
        self.outcome = outcome;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Self { id, attempt, outcome, .. } = *self;
        tell(&self.throttle, SettleAttempt { id, attempt, outcome });
    }
}

/// A place in the waiting list. It is held until the attempt has been tried again. If it is dropped without
/// that, the next attempt is woken.
pub struct Waiting {
    throttle: Recipient<StopWaiting>,
    count: Count,
    id: WaiterId,
    woken: oneshot::Receiver<()>,
}

impl Waiting {
    pub(super) const fn new(
        throttle: Recipient<StopWaiting>,
        count: Count,
        id: WaiterId,
        woken: oneshot::Receiver<()>,
    ) -> Self {
        Self { throttle, count, id, woken }
    }

    /// Waits until there may be room. Room is not guaranteed.
    pub async fn woken(&mut self) {
        // If the throttle has stopped, asking again reports that.
        let _ = (&mut self.woken).await;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        tell(&self.throttle, StopWaiting { count: self.count, id: self.id });
    }
}

/// Settles an attempt.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct SettleAttempt {
    pub(super) id: AttemptId,
    pub(super) attempt: Attempt,
    pub(super) outcome: AttemptOutcome,
}

/// Removes an attempt from the waiting list: it was woken and has tried again, or its client has hung up.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct StopWaiting {
    pub(super) count: Count,
    pub(super) id: WaiterId,
}
