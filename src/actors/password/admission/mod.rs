//! The queue before the hash threads: which login gets a hash slot next, and which is refused at once.
//!
//! A hash takes a fifth of a second of a core, so logins queue for a [`HashSlot`]. The queue is fair and
//! bounded:
//!
//! - Sites share the slots evenly, in each site its networks, and in each network the accounts that are tried
//!   from there ([`fair_queue`]). A client that sends a thousand logins waits behind its own logins. Within a
//!   round, accounts that are tried from the fewest places go first.
//! - The queue holds no more logins than can have a slot within the budget, by the measured time that a slot
//!   is held, and no fewer than two. When one more arrives, the last in the fair order is refused: the newcomer, or one of the
//!   longest backlog.
//! - The last quarter of the places is for logins whose site, network and account hold less than an even share
//!   of the places. Of the others, one that would be the last of its site, network or account is refused on
//!   arrival.
//! - A login that has waited for the whole budget is refused then. One whose client has hung up leaves the
//!   queue.

mod flow_key;

use std::{
    hash::{BuildHasher, RandomState},
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fair_queue::{FairQueue, Ticket};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

pub use self::flow_key::FlowKey;
use crate::{domain::Network, metrics};

/// The maximum length of the queue, for any budget and any speed of hashing.
const MAX_WAITING: u64 = 16_384;

/// The shortest `retry_after` of a refusal.
const MIN_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The wait for a hash slot would be, or was, longer than the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many logins are waiting")]
pub struct QueueFull {
    /// When a retry is worthwhile.
    pub retry_after: Duration,
}

/// The queue; see the module's documentation.
#[derive(Debug)]
pub struct Admission {
    /// The number of slots.
    slots: usize,
    budget: Duration,
    /// A moving average of how long a slot is held, in nanoseconds.
    slot_nanos: AtomicU64,
    /// Hashes flow keys, with a secret that attackers do not know.
    hasher: RandomState,
    queue: Mutex<Queue>,
}

/// The hash of a site, a network or an account. Names are not kept, and an attacker cannot choose two
/// with the same hash.
type FlowHash = u64;

#[derive(Debug, Default)]
struct Queue {
    /// The number of slots in use: all of them, while the queue is not empty.
    running: usize,
    waiting: FairQueue<FlowHash, SlotSender, 3>,
}

/// Sends a slot, or the refusal, to a waiting login.
type SlotSender = oneshot::Sender<Result<HashSlot, QueueFull>>;

/// The right to have hashes computed, one after the other. Dropping it passes it on to the next in the queue.
#[derive(Debug)]
pub struct HashSlot {
    admission: Option<Arc<Admission>>,
    /// When the slot was handed out.
    began: Instant,
    /// Whether a hash was computed in it.
    has_hashed: bool,
}

impl HashSlot {
    /// Marks the slot as one in which a hash is computed.
    pub(super) const fn with_hash(mut self) -> Self {
        self.has_hashed = true;
        self
    }
}

impl Admission {
    /// Creates a queue for this many slots. `first_estimate` is the assumed time for which a slot is held,
    /// until it was measured.
    #[must_use]
    pub fn new(slots: NonZeroUsize, budget: Duration, first_estimate: Duration) -> Arc<Self> {
        let admission = Self {
            slots: slots.get(),
            budget,
            slot_nanos: AtomicU64::default(),
            hasher: RandomState::new(),
            queue: Mutex::default(),
        };
        admission.estimate(nanos(first_estimate));
        Arc::new(admission)
    }

    /// Includes a measurement of how long a group of hashes would have taken in full lanes. It counts while
    /// the queue is empty; otherwise the slots themselves are measured.
    pub(super) fn learn_from_group(&self, took: Duration) {
        if self.waiting() == 0 {
            self.learn(took);
        }
    }

    /// Includes a measurement in the average of how long a slot is held. An eighth is added, because half
    /// of all waits are longer than the average says, and a login that was let into the queue should get
    /// its slot.
    fn learn(&self, took: Duration) {
        let before = self.slot_nanos.load(Ordering::Relaxed);
        let after = before - before / 8 + nanos(took.saturating_add(took / 8)) / 8;
        self.estimate(after);
    }

    /// Sets the estimate, but never so high that fewer than two logins may wait for the whole budget. If
    /// none might, as after a machine stood still for minutes, free slots would go to whoever asks most
    /// often, and not in the fair order.
    fn estimate(&self, slot_nanos: u64) {
        let most = nanos(self.budget).saturating_mul(self.slots as u64) / 2;
        self.slot_nanos.store(slot_nanos.min(most), Ordering::Relaxed);
    }

    /// The number of slots.
    #[must_use]
    pub const fn slots(&self) -> usize {
        self.slots
    }

    /// The length of the queue.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// When the budget of a login that arrives now is used up.
    pub(super) fn deadline(&self) -> Instant {
        /// Longer than any process lives, and short enough to be added to any instant.
        const FOREVER: Duration = Duration::from_hours(24 * 365 * 30);
        Instant::now() + self.budget.min(FOREVER)
    }

    /// Waits for a slot until the deadline.
    pub(super) async fn enter(
        self: &Arc<Self>,
        flow: FlowKey,
        deadline: Instant,
    ) -> Result<HashSlot, QueueFull> {
        let arrived = Instant::now();
        let (sender, receiver) = oneshot::channel();
        let ticket = match self.enqueue(&flow, sender, deadline.saturating_duration_since(arrived)) {
            Ok(Enqueued::Immediate(slot)) => return Ok(slot),
            Ok(Enqueued::Waiting(ticket)) => ticket,
            Err(refused) => {
                metrics::password::HASHES_REFUSED.inc();
                return Err(refused);
            }
        };
        let dequeue = DequeueOnDrop { admission: self, ticket };
        let outcome = match timeout_at(deadline, receiver).await {
            Ok(Ok(outcome)) => outcome,
            // The deadline has passed. A sender is never dropped unused.
            Err(_) | Ok(Err(_)) => Err(self.queue_full(Duration::ZERO)),
        };
        drop(dequeue);
        match &outcome {
            Ok(_) => metrics::password::HASH_WAIT_SECONDS.observe(arrived.elapsed().as_secs_f64()),
            Err(_) => metrics::password::HASHES_REFUSED.inc(),
        }
        outcome
    }

    /// Returns a slot if one is free, or else a place in the queue, unless by the estimate the wait would
    /// be longer than `allowed`.
    fn enqueue(
        self: &Arc<Self>,
        flow: &FlowKey,
        sender: SlotSender,
        allowed: Duration,
    ) -> Result<Enqueued, QueueFull> {
        let path = self.path(flow);
        let limit = self.slots_within(self.budget).min(MAX_WAITING);
        let (ticket, displaced) = {
            let mut queue = self.lock();
            if queue.running < self.slots && queue.waiting.is_empty() {
                queue.running += 1;
                drop(queue);
                return Ok(Enqueued::Immediate(self.hand_out()));
            }
            let ticket = queue.waiting.push(path, 1, sender);
            let is_full = queue.waiting.cost() > limit;
            let is_last = queue.waiting.last() == Some(ticket);
            let has_no_place = is_full && is_last
                || queue.waiting.cost() > limit - limit / 4 && queue.waiting.exceeds_share(ticket, limit);
            if has_no_place || !self.is_served_within(allowed, &queue.waiting, ticket, is_full) {
                queue.waiting.remove(ticket);
                drop(queue);
                return Err(self.queue_full(allowed));
            }
            (ticket, is_full.then(|| queue.waiting.pop_last()).flatten())
        };
        if let Some((_, sender)) = displaced {
            // Sending fails only if the client has hung up.
            let _ = sender.send(Err(self.queue_full(self.budget)));
        }
        Ok(Enqueued::Waiting(ticket))
    }

    /// Whether, by the estimate, the ticket gets a slot within that time. If the queue is full, its last
    /// entry, which is another, is about to leave.
    fn is_served_within(
        &self,
        allowed: Duration,
        waiting: &FairQueue<FlowHash, SlotSender, 3>,
        ticket: Ticket,
        is_full: bool,
    ) -> bool {
        let in_time = self.slots_within(allowed);
        // Usually the whole queue is in time, and the position need not be searched. The first in the queue
        // waits for one slot to become free.
        waiting.cost() - u64::from(is_full) <= in_time
            || in_time.checked_sub(1).is_some_and(|most| waiting.ahead_within(ticket, most).is_some())
    }

    fn path(&self, FlowKey { account, network }: &FlowKey) -> [FlowHash; 3] {
        let site = network.map(Network::site);
        [self.hasher.hash_one(site), self.hasher.hash_one(network), self.hasher.hash_one(account)]
    }

    /// The refusal of a login whose wait would be longer than allowed. All who wait now will have left after
    /// one budget, so a retry is not put off for longer.
    fn queue_full(&self, allowed: Duration) -> QueueFull {
        let expected = self.time_of(self.waiting()).min(self.budget);
        QueueFull { retry_after: expected.saturating_sub(allowed).max(MIN_RETRY_AFTER) }
    }

    fn hand_out(self: &Arc<Self>) -> HashSlot {
        HashSlot { admission: Some(Arc::clone(self)), began: Instant::now(), has_hashed: false }
    }

    /// The time until this many slots have become free.
    fn time_of(&self, slots: usize) -> Duration {
        let held = Duration::from_nanos(self.slot_nanos.load(Ordering::Relaxed));
        let at_once = u32::try_from(self.slots).unwrap_or(u32::MAX);
        held.saturating_mul(u32::try_from(slots).unwrap_or(u32::MAX)) / at_once
    }

    /// The number of slots that become free in that time.
    fn slots_within(&self, time: Duration) -> u64 {
        let held = u128::from(self.slot_nanos.load(Ordering::Relaxed).max(1));
        let slots = time.as_nanos().saturating_mul(self.slots as u128) / held;
        u64::try_from(slots).unwrap_or(u64::MAX)
    }

    /// Passes a slot on to the next login in the queue whose client has not hung up. `held` is how long the
    /// slot was held, if a hash was computed in it.
    ///
    /// While the queue is not empty, this time feeds the estimate. It is longer than the hash: it includes
    /// the answers of the database and the throttle before it, and the wait for a thread.
    fn pass_on(self: &Arc<Self>, held: Option<Duration>) {
        if let Some(held) = held
            && self.waiting() > 0
        {
            self.learn(held);
        }
        loop {
            let sender = {
                let mut queue = self.lock();
                let Some(sender) = queue.waiting.pop() else {
                    queue.running -= 1;
                    return;
                };
                sender
            };
            match sender.send(Ok(self.hand_out())) {
                // The client has hung up. This loop passes the slot on, so its drop must not.
                Err(Ok(mut slot)) => slot.admission = None,
                Ok(()) | Err(Err(_)) => return,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No code that holds the lock can panic halfway through a change.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to a login that is not refused at once.
enum Enqueued {
    Immediate(HashSlot),
    Waiting(Ticket),
}

/// Removes a ticket from the queue when its login stops waiting.
struct DequeueOnDrop<'a> {
    admission: &'a Arc<Admission>,
    ticket: Ticket,
}

impl Drop for DequeueOnDrop<'_> {
    fn drop(&mut self) {
        self.admission.lock().waiting.remove(self.ticket);
    }
}

impl Drop for HashSlot {
    fn drop(&mut self) {
        if let Some(admission) = self.admission.take() {
            let held = self.has_hashed.then(|| self.began.elapsed());
            admission.pass_on(held);
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
