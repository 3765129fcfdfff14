//! What an attempt holds while it is pending or waits. Dropping it tells the throttle.

use tokio::sync::oneshot;

use super::{
    Attempt, AttemptOutcome, Throttle,
    actor::{SettleAttempt, StopWaiting},
    failure_counts::{AttemptId, Count},
    waiting::WaiterId,
};

/// The answer to an attempt that wants to begin.
pub enum BeginReply {
    /// It has begun.
    Permit(Permit),
    /// Pending attempts must be settled first.
    Wait(Waiting),
}

/// A pending attempt. If it is dropped unsettled, it ends as not looked at.
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

/// A place among those who wait. It is kept until the attempt has been tried again, so that, where
/// it is not, the next in line is woken.
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

    /// Waits until there may be room. There is no promise that there is.
    pub async fn woken(&mut self) {
        // A throttle that has ended is as good a reason to ask again: it will say so.
        let _ = (&mut self.woken).await;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.throttle.handle.tell(StopWaiting { count: self.count, id: self.id });
    }
}
