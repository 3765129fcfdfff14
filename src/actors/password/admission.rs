//! Who may have a hash computed next, and who is told at once to come back later.
//!
//! A hash takes a fifth of a second of a core, so logins queue. The queue is fair and bounded:
//!
//! - It is served in rounds (start-time fair queueing): each account and each network has one
//!   place in a round, and the next waits for the next round. Whoever sends a thousand logins
//!   waits behind his own, not others behind his.
//! - A login that would wait longer than the budget, by what stands before it and by the measured
//!   time of a hash, is refused at once; one that has waited that long after all, then.
//! - A login whose client has gone leaves the queue.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use crate::{
    domain::{Client, LoginName, Network},
    metrics,
};

/// The wait would be, or was, too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many logins are waiting")]
pub struct Refused {
    /// When it is worth trying again.
    pub retry_after: Duration,
}

/// On whose behalf a hash is wanted.
#[derive(Debug, Clone)]
pub struct Applicant {
    account: Option<LoginName>,
    network: Option<Network>,
}

impl Applicant {
    /// Somebody who tries an account's password.
    #[must_use]
    pub fn login(account: &LoginName, client: &Client) -> Self {
        Self { account: Some(account.clone()), ..Self::registration(client) }
    }

    /// Somebody who has no account yet.
    #[must_use]
    pub fn registration(client: &Client) -> Self {
        Self { account: None, network: client.ip.map(Network::of) }
    }

    /// Nobody who waits for an answer. There is one at a time, so it has one place in a round.
    #[must_use]
    pub fn renewal() -> Self {
        Self { account: None, network: None }
    }
}

/// The queue; see the module's documentation.
#[derive(Debug)]
pub struct Admission {
    threads: usize,
    budget: Duration,
    /// A moving average of a hash's time, in nanoseconds.
    hash_nanos: AtomicU64,
    hasher: RandomState,
    queue: Mutex<Queue>,
}

/// An account or a network, hashed with a key that attackers do not know.
type Flow = u64;

type Place = (u64, u64);

#[derive(Debug, Default)]
struct Queue {
    running: usize,
    round: u64,
    arrivals: u64,
    waiting: BTreeMap<Place, Waiter>,
    /// For each flow that waits: the last round in which it has a place, and how many it has.
    flows: HashMap<Flow, (u64, usize)>,
}

#[derive(Debug)]
struct Waiter {
    flows: [Option<Flow>; 2],
    call: oneshot::Sender<Turn>,
}

/// The right to have one hash computed; dropping it passes it on.
#[derive(Debug)]
pub struct Turn {
    admission: Option<Arc<Admission>>,
}

impl Admission {
    /// A queue before so many threads. `first_estimate` is the time of a hash until one was
    /// measured.
    #[must_use]
    pub fn new(threads: NonZeroUsize, budget: Duration, first_estimate: Duration) -> Arc<Self> {
        Arc::new(Self {
            threads: threads.get(),
            budget,
            hash_nanos: AtomicU64::new(nanos(first_estimate)),
            hasher: RandomState::new(),
            queue: Mutex::default(),
        })
    }

    /// Takes note of how long a hash took.
    pub fn learn(&self, took: Duration) {
        let before = self.hash_nanos.load(Ordering::Relaxed);
        let after = before - before / 8 + nanos(took) / 8;
        self.hash_nanos.store(after, Ordering::Relaxed);
    }

    /// How many can have a turn at once.
    #[must_use]
    pub const fn turns(&self) -> usize {
        self.threads
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// The end of the budget of somebody who arrives now.
    pub(super) fn deadline(&self) -> Instant {
        /// Longer than any process lives, and near enough to be added to any instant.
        const EVER: Duration = Duration::from_hours(24 * 365 * 30);
        Instant::now() + self.budget.min(EVER)
    }

    /// Waits for a turn until the deadline.
    pub(super) async fn enter(
        self: &Arc<Self>,
        applicant: Applicant,
        deadline: Instant,
    ) -> Result<Turn, Refused> {
        let arrived = Instant::now();
        let allowed = deadline.saturating_duration_since(arrived);
        let flows = [
            applicant.account.map(|account| self.hasher.hash_one(("account", account))),
            applicant.network.map(|network| self.hasher.hash_one(("network", network))),
        ];
        let (call, called) = oneshot::channel();
        let place = {
            let mut queue = self.lock();
            if queue.running < self.threads && queue.waiting.is_empty() {
                queue.running += 1;
                return Ok(self.hand_out());
            }
            let place = queue.place_for(flows);
            let before = queue.waiting.range(..place).count() + 1;
            let expected = self.time_of(before);
            if expected > allowed {
                drop(queue);
                metrics::login_refused();
                return Err(Refused {
                    retry_after: expected.saturating_sub(self.budget).max(Duration::from_secs(1)),
                });
            }
            queue.admit(place, Waiter { flows, call });
            place
        };
        let departure = Departure { admission: self, place };
        if let Ok(Ok(turn)) = timeout_at(deadline, called).await {
            metrics::login_waited(arrived.elapsed());
            return Ok(turn);
        }
        drop(departure);
        metrics::login_refused();
        Err(Refused { retry_after: self.time_of(self.waiting()).max(Duration::from_secs(1)) })
    }

    fn hand_out(self: &Arc<Self>) -> Turn {
        Turn { admission: Some(Arc::clone(self)) }
    }

    /// How long so many hashes take on all threads together.
    fn time_of(&self, hashes: usize) -> Duration {
        let hash = Duration::from_nanos(self.hash_nanos.load(Ordering::Relaxed));
        let hashes = u32::try_from(hashes).unwrap_or(u32::MAX);
        let threads = u32::try_from(self.threads).unwrap_or(u32::MAX);
        hash.saturating_mul(hashes) / threads
    }

    /// Passes a turn on to the next who still waits.
    fn pass_on(self: &Arc<Self>) {
        loop {
            let waiter = {
                let mut queue = self.lock();
                let Some((place, waiter)) = queue.waiting.pop_first() else {
                    queue.running -= 1;
                    return;
                };
                queue.round = queue.round.max(place.0);
                queue.leave(waiter.flows);
                waiter
            };
            match waiter.call.send(self.hand_out()) {
                Ok(()) => return,
                // They have gone; this turn is passed on here, not by its own drop.
                Err(mut turn) => turn.admission = None,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No code that holds the lock can panic half-way through a change.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// The place that somebody of these flows would have: in the round after the last in which
    /// either has one already.
    fn place_for(&self, flows: [Option<Flow>; 2]) -> Place {
        let last = flows.iter().flatten().filter_map(|flow| self.flows.get(flow)).map(|(round, _)| *round);
        let round = last.max().map_or(self.round, |last| last.max(self.round)) + 1;
        (round, self.arrivals)
    }

    fn admit(&mut self, place: Place, waiter: Waiter) {
        self.arrivals += 1;
        for flow in waiter.flows.into_iter().flatten() {
            let (round, count) = self.flows.entry(flow).or_default();
            *round = place.0;
            *count += 1;
        }
        self.waiting.insert(place, waiter);
    }

    fn leave(&mut self, flows: [Option<Flow>; 2]) {
        for flow in flows.into_iter().flatten() {
            if let Some((_, count)) = self.flows.get_mut(&flow) {
                *count -= 1;
                if *count == 0 {
                    self.flows.remove(&flow);
                }
            }
        }
    }
}

/// Takes somebody out of the queue who waits no longer.
struct Departure<'a> {
    admission: &'a Arc<Admission>,
    place: Place,
}

impl Drop for Departure<'_> {
    fn drop(&mut self) {
        let mut queue = self.admission.lock();
        if let Some(waiter) = queue.waiting.remove(&self.place) {
            queue.leave(waiter.flows);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(admission) = self.admission.take() {
            admission.pass_on();
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
