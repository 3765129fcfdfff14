//! Who may have a hash computed next, and who is told at once to come back later.
//!
//! A hash takes a fifth of a second of a core, so logins queue. The queue is fair and bounded:
//!
//! - Sites share the turns at the hash threads evenly, in each site its networks, and in each network
//!   the accounts that are tried from there ([`fair_queue`]). Whoever sends a thousand logins waits
//!   behind his own. Within a round those come first whose account is tried from the fewest places.
//! - No more wait than can have their turn within the budget, by the measured time of a turn. When one
//!   more comes, the last in the fair order is refused: the newcomer, or one of the longest backlog.
//! - A login that has waited for the whole budget after all is refused then; one whose client has gone
//!   leaves the queue.

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

use crate::{
    domain::{Client, LoginName, Network},
    metrics,
};

/// The most that wait, however large the budget and however quick a hash.
const MOST_WAITING: u64 = 16_384;

/// The shortest time after which somebody who was refused may try again.
const SOONEST_RETRY: Duration = Duration::from_secs(1);

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
    /// How many can have a turn at once.
    turns: usize,
    budget: Duration,
    /// A moving average of how long a turn lasts, in nanoseconds.
    turn_nanos: AtomicU64,
    /// What makes flows of applicants, with a key that attackers do not know.
    hasher: RandomState,
    queue: Mutex<Queue>,
}

/// A site, a network or an account, hashed: names are not kept, and nobody can choose two that are
/// taken for one.
type Flow = u64;

#[derive(Debug, Default)]
struct Queue {
    /// How many turns are handed out: all, while anybody waits.
    running: usize,
    waiting: FairQueue<Flow, Call, 3>,
}

/// What tells somebody who waits that it is their turn, or that they wait in vain.
type Call = oneshot::Sender<Result<Turn, Refused>>;

/// The right to have hashes computed, one after the other; dropping it passes it on.
#[derive(Debug)]
pub struct Turn {
    admission: Option<Arc<Admission>>,
    /// When it was handed out.
    began: Instant,
    /// Whether a hash is computed in it.
    has_hashed: bool,
}

impl Turn {
    /// Takes note that a hash is computed in it.
    pub(super) const fn with_hash(mut self) -> Self {
        self.has_hashed = true;
        self
    }
}

impl Admission {
    /// A queue for so many turns at once. `first_estimate` is how long one lasts until one was measured.
    #[must_use]
    pub fn new(turns: NonZeroUsize, budget: Duration, first_estimate: Duration) -> Arc<Self> {
        Arc::new(Self {
            turns: turns.get(),
            budget,
            turn_nanos: AtomicU64::new(nanos(first_estimate)),
            hasher: RandomState::new(),
            queue: Mutex::default(),
        })
    }

    /// Takes note of how long a group of hashes would have taken in full lanes. It counts where nobody
    /// waits; else turns themselves are measured.
    pub(super) fn learn_from_group(&self, took: Duration) {
        if self.waiting() == 0 {
            self.learn(took);
        }
    }

    /// Takes note of how long a turn lasted. An eighth is added, because half of all waits are longer than
    /// the mean says, and who is let in to wait should have their turn.
    fn learn(&self, took: Duration) {
        let before = self.turn_nanos.load(Ordering::Relaxed);
        let after = before - before / 8 + nanos(took.saturating_add(took / 8)) / 8;
        self.turn_nanos.store(after, Ordering::Relaxed);
    }

    /// How many can have a turn at once.
    #[must_use]
    pub const fn turns(&self) -> usize {
        self.turns
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
        let (call, called) = oneshot::channel();
        let ticket = match self.line_up(&applicant, call, deadline.saturating_duration_since(arrived)) {
            Ok(LinedUp::Served(turn)) => return Ok(turn),
            Ok(LinedUp::Waiting(ticket)) => ticket,
            Err(refused) => {
                metrics::login_refused();
                return Err(refused);
            }
        };
        let departure = Departure { admission: self, ticket };
        let outcome = match timeout_at(deadline, called).await {
            Ok(Ok(outcome)) => outcome,
            // The time is over; that a call is dropped without a word does not happen.
            Err(_) | Ok(Err(_)) => Err(self.refusal(Duration::ZERO)),
        };
        drop(departure);
        match &outcome {
            Ok(_) => metrics::login_waited(arrived.elapsed()),
            Err(_) => metrics::login_refused(),
        }
        outcome
    }

    /// Hands out a turn where one is free, or gives the applicant a place in the queue, unless by
    /// the estimate their wait would be longer than they may wait.
    fn line_up(
        self: &Arc<Self>,
        applicant: &Applicant,
        call: Call,
        allowed: Duration,
    ) -> Result<LinedUp, Refused> {
        let path = self.path(applicant);
        let limit = self.turns_within(self.budget).min(MOST_WAITING);
        let (ticket, displaced) = {
            let mut queue = self.lock();
            if queue.running < self.turns && queue.waiting.is_empty() {
                queue.running += 1;
                drop(queue);
                return Ok(LinedUp::Served(self.hand_out()));
            }
            let ticket = queue.waiting.push(path, 1, call);
            let is_full = queue.waiting.cost() > limit;
            let is_last = queue.waiting.last() == Some(ticket);
            if is_full && is_last || !self.is_served_within(allowed, &queue.waiting, ticket, is_full) {
                queue.waiting.remove(ticket);
                drop(queue);
                return Err(self.refusal(allowed));
            }
            (ticket, is_full.then(|| queue.waiting.pop_last()).flatten())
        };
        if let Some((_, call)) = displaced {
            // Whoever has gone meanwhile need not be told.
            let _ = call.send(Err(self.refusal(self.budget)));
        }
        Ok(LinedUp::Waiting(ticket))
    }

    /// Whether by the estimate somebody's turn comes within that time. Where the queue is full, the last
    /// in it is about to leave, and is somebody else.
    fn is_served_within(
        &self,
        allowed: Duration,
        waiting: &FairQueue<Flow, Call, 3>,
        ticket: Ticket,
        is_full: bool,
    ) -> bool {
        let in_time = self.turns_within(allowed);
        // Mostly all who wait are in time, and nobody's place need be looked for. The first of them waits
        // for one turn to end.
        waiting.cost() - u64::from(is_full) <= in_time
            || in_time.checked_sub(1).is_some_and(|most| waiting.ahead_within(ticket, most).is_some())
    }

    fn path(&self, Applicant { account, network }: &Applicant) -> [Flow; 3] {
        let site = network.map(Network::site);
        [self.hasher.hash_one(site), self.hasher.hash_one(network), self.hasher.hash_one(account)]
    }

    /// What somebody is told whose wait would be longer than they may wait.
    fn refusal(&self, allowed: Duration) -> Refused {
        let expected = self.time_of(self.waiting());
        Refused { retry_after: expected.saturating_sub(allowed).max(SOONEST_RETRY) }
    }

    fn hand_out(self: &Arc<Self>) -> Turn {
        Turn { admission: Some(Arc::clone(self)), began: Instant::now(), has_hashed: false }
    }

    /// How long it takes until so many turns have ended.
    fn time_of(&self, turns: usize) -> Duration {
        let turn = Duration::from_nanos(self.turn_nanos.load(Ordering::Relaxed));
        let at_once = u32::try_from(self.turns).unwrap_or(u32::MAX);
        turn.saturating_mul(u32::try_from(turns).unwrap_or(u32::MAX)) / at_once
    }

    /// How many turns end in that time.
    fn turns_within(&self, time: Duration) -> u64 {
        let turn = u128::from(self.turn_nanos.load(Ordering::Relaxed).max(1));
        let turns = time.as_nanos().saturating_mul(self.turns as u128) / turn;
        u64::try_from(turns).unwrap_or(u64::MAX)
    }

    /// Passes a turn on to the next who still waits. `lasted` is how long it was held, if a hash was
    /// computed in it.
    ///
    /// While somebody waits, that is how long turns last: more than the hash, by what is asked of the
    /// database and the throttle before it, and by the wait for a thread.
    fn pass_on(self: &Arc<Self>, lasted: Option<Duration>) {
        if let Some(lasted) = lasted
            && self.waiting() > 0
        {
            self.learn(lasted);
        }
        loop {
            let call = {
                let mut queue = self.lock();
                let Some(call) = queue.waiting.pop() else {
                    queue.running -= 1;
                    return;
                };
                call
            };
            match call.send(Ok(self.hand_out())) {
                // They have gone; this turn is passed on here, not by its own drop.
                Err(Ok(mut turn)) => turn.admission = None,
                Ok(()) | Err(Err(_)) => return,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No code that holds the lock can panic half-way through a change.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What becomes of an applicant who is not refused at once.
enum LinedUp {
    Served(Turn),
    Waiting(Ticket),
}

/// Takes somebody out of the queue who waits no longer.
struct Departure<'a> {
    admission: &'a Arc<Admission>,
    ticket: Ticket,
}

impl Drop for Departure<'_> {
    fn drop(&mut self) {
        self.admission.lock().waiting.remove(self.ticket);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(admission) = self.admission.take() {
            let lasted = self.has_hashed.then(|| self.began.elapsed());
            admission.pass_on(lasted);
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
