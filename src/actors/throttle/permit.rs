//! What a pending or waiting attempt holds. Dropping it notifies the throttle.

use tokio::sync::oneshot;

use super::{
    Attempt, AttemptOutcome, Throttle,
    actor::{SettleAttempt, StopWaiting},
    failure_counts::{AttemptId, Count},
    waiting::WaiterId,
};

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
    throttle: Throttle,
    id: AttemptId,
    attempt: Attempt,
    outcome: AttemptOutcome,
}

impl Permit {
    pub(super) const fn new(throttle: Throttle, id: AttemptId, attempt: Attempt) -> Self {
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
        self.throttle.handle.tell(SettleAttempt { id, attempt, outcome });
    }
}

/// A place in the waiting list. It is held until the attempt has been tried again. If it is dropped without
/// that, the next attempt is woken.
pub struct Waiting {
    throttle: Throttle,
    count: Count,
    id: WaiterId,
    woken: oneshot::Receiver<()>,
}

impl Waiting {
    pub(super) const fn new(
        throttle: Throttle,
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
        self.throttle.handle.tell(StopWaiting { count: self.count, id: self.id });
    }
}
