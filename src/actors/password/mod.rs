//! `PasswordActor`: bcrypt, on threads of its own with a low priority.
//!
//! It hashes and verifies and nothing else; it never touches the database. Who may have a hash
//! computed, and when, is decided before it is asked: [`Passwords`] is the way in.
//!
//! bcrypt waits for its own table look-ups most of the time, so a thread computes up to
//! [`LANES`](bcrypt_lanes::MAX_LANES) hashes side by side. The actor forms these groups; a
//! `HashThread` computes one.

mod admission;
mod hash;
mod lanes;
mod messages;
mod speed;

use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use actix::{
    Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, ResponseFuture, SpawnHandle,
    WrapFuture,
};
use tokio::{sync::oneshot, time::Instant};

pub use self::{
    admission::{Admission, FlowKey, HashSlot, QueueFull},
    hash::{UnusableHash, check_hash},
    lanes::Job,
    messages::{HashPassword, PasswordVerdict, Rehash, VerifyPassword},
    speed::{Speed, measure_speed},
};
use self::{
    hash::Comparison,
    lanes::{ComputeLanes, HashThread, Lane, PingThread},
    messages::WithSlot,
};
use super::{Handle, Limits, Unreachable, panic::catch_panic};
use crate::{
    domain::{NoRandomness, Password, PasswordHash, Random},
    metrics,
};

/// How many hashes a thread computes side by side at most.
pub const LANES: NonZeroUsize = match NonZeroUsize::new(bcrypt_lanes::MAX_LANES) {
    Some(lanes) => lanes,
    None => NonZeroUsize::MIN,
};

/// A password could not be hashed or compared; it says nothing about the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The actor could not be asked.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// No salt.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The configured cost is not one of bcrypt's.
    #[error("bcrypt failed")]
    Bcrypt,
    /// The hash panicked; those beside it did not.
    #[error("hashing panicked")]
    Panicked,
}

/// A message to [`PasswordActor`]: something that costs about one hash.
pub trait PasswordMessage: Message<Result = Result<Self::Answer, PasswordError>> + Send + 'static {
    /// What the sender gets.
    type Answer: Send + 'static;

    /// Says what is to be hashed, and what follows from the digest.
    ///
    /// # Errors
    ///
    /// What keeps it from being hashed.
    fn prepare(self, hasher: &Hasher) -> Result<Job<Self::Answer>, PasswordError>;
}

/// What the threads share: how to hash, and what unknown users are compared with.
#[derive(Debug)]
pub struct Hasher {
    cost: u32,
    /// The cost that every comparison takes: ours, or the highest of any stored hash.
    level: AtomicU32,
    random: Random,
    dummy: PasswordHash,
}

impl Hasher {
    /// A hasher of this cost, which is one of bcrypt's (4 to 31).
    ///
    /// # Errors
    ///
    /// When there is no randomness for the dummy that unknown users are compared with.
    pub fn new(cost: u32, random: Random) -> Result<Self, PasswordError> {
        let dummy = hash::unmatched(cost, &random)?;
        Ok(Self { cost, level: AtomicU32::new(cost), random, dummy })
    }

    /// The greatest cost of a stored hash that is compared at all.
    #[must_use]
    pub const fn cost_limit(&self) -> u32 {
        hash::cost_limit(self.cost)
    }

    /// Takes note of the highest cost of any stored hash. Where it is above ours, every comparison takes
    /// as long as with that hash from now on: else its user's logins would be told by their time.
    pub fn level_with(&self, highest: Option<u32>) {
        let level = highest.unwrap_or(0).clamp(self.cost, self.cost_limit());
        if self.level.swap(level, Ordering::Relaxed) == level {
            return;
        }
        if level > self.cost {
            log::warn!(
                "there are password hashes of cost {level}, above --bcrypt-cost {}: every login takes as long as \
                 with such a hash, so that its time does not tell whose they are",
                self.cost
            );
        } else {
            log::info!("no password hash has a cost above --bcrypt-cost {level} any more");
        }
    }

    fn comparison(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> Result<Comparison, PasswordError> {
        Comparison::new(password, hash, &self.dummy, self.level.load(Ordering::Relaxed))
    }

    /// A job that hashes nothing in particular, for tests of what hash threads do with jobs.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn dummy_job<A: Send + 'static>(
        &self,
        finish: impl FnOnce() -> Result<A, PasswordError> + Send + 'static,
    ) -> Result<Job<A>, PasswordError> {
        let comparison = self.comparison(&Password::new(String::new()), None)?;
        Job::new(comparison.run, comparison.input, move |_| finish())
    }
}

/// Forms groups of jobs and gives them to the hash threads; see the module's documentation.
pub struct PasswordActor {
    threads: Handle<HashThread>,
    /// How many threads have nothing to do.
    idle: usize,
    /// In the order of their arrival, which is the order in which they got their slots.
    waiting: VecDeque<Lane>,
    /// Set for a moment after a group, so that the clients which it has just answered, and those who got
    /// their slots, form the next group together.
    gathering: Option<SpawnHandle>,
    hasher: Arc<Hasher>,
    admission: Arc<Admission>,
}

impl PasswordActor {
    /// The longest time for which a thread waits for more jobs after it has computed a group.
    const MAX_GATHERING: Duration = Duration::from_millis(5);

    /// What a gathering costs at most: this part of the time of the group before it.
    const GATHERING_FRACTION: u32 = 64;

    /// A shorter one is not worth a timer.
    const MIN_GATHERING: Duration = Duration::from_millis(1);

    /// Starts the hash threads, and the actor on this thread's arbiter. Every group that is computed
    /// tells `admission` how long a slot is held.
    #[must_use]
    pub fn start(threads: NonZeroUsize, hasher: Arc<Hasher>, admission: Arc<Admission>) -> Addr<Self> {
        let limits = Limits { in_flight: threads.get() + 64, deadline: None };
        let handle = Handle::new("hash_threads", HashThread::start(threads), limits);
        let actor = Self {
            threads: handle,
            idle: threads.get(),
            waiting: VecDeque::new(),
            gathering: None,
            hasher,
            admission,
        };
        Actor::start(actor)
    }

    /// Gives what waits to the threads that have nothing to do, the same number to each.
    fn dispatch(&mut self, ctx: &mut Context<Self>) {
        while self.idle > 0
            && let Some(first) = self.waiting.front()
        {
            if let Some(gathering) = self.gathering.take_if(|_| self.waiting.len() >= self.idle * LANES.get())
            {
                ctx.cancel_future(gathering);
            }
            if self.gathering.is_some() {
                return;
            }
            // Nobody is overtaken to fill a lane: only those who are next and run for the same cost.
            let run = first.run;
            let alike = self.waiting.iter().take_while(|lane| lane.run == run).count();
            let lanes: Vec<_> = self.waiting.drain(..alike.div_ceil(self.idle).min(LANES.get())).collect();
            self.idle -= 1;
            let count = lanes.len();
            let threads = self.threads.clone();
            let computing = async move {
                let started = Instant::now();
                // The jobs are answered by the thread; what is left here is when it was free again.
                let computed: Result<(), PasswordError> = threads.ask(ComputeLanes { run, lanes }).await;
                (computed, started.elapsed())
            };
            let computing = computing.into_actor(self).map(move |(computed, took), actor: &mut Self, ctx| {
                actor.finished(computed, count, took, ctx);
            });
            ctx.spawn(computing);
        }
    }

    fn finished(
        &mut self,
        computed: Result<(), PasswordError>,
        lanes: usize,
        took: Duration,
        ctx: &mut Context<Self>,
    ) {
        self.idle += 1;
        if computed.is_ok() {
            self.admission.learn_from_group(as_full_group(took, lanes));
            metrics::passwords_hashed(took, lanes);
        }
        let gathering = (took / Self::GATHERING_FRACTION).min(Self::MAX_GATHERING);
        if lanes > 1 && self.gathering.is_none() && gathering >= Self::MIN_GATHERING {
            self.gathering = Some(ctx.run_later(gathering, |actor, ctx| {
                actor.gathering = None;
                actor.dispatch(ctx);
            }));
        }
        self.dispatch(ctx);
    }
}

/// How long a full group would have taken, estimated from a group with this many lanes. When many wait,
/// groups are full, and that is when the queue needs the estimate.
fn as_full_group(took: Duration, lanes: usize) -> Duration {
    let relative =
        |lanes: usize| bcrypt_lanes::RELATIVE_TIMES.get(lanes.saturating_sub(1)).copied().unwrap_or(100);
    took.saturating_mul(relative(LANES.get())) / relative(lanes)
}

impl Actor for PasswordActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(4096);
    }
}

impl<M: PasswordMessage> Handler<M> for PasswordActor {
    type Result = ResponseFuture<Result<M::Answer, PasswordError>>;

    fn handle(&mut self, message: M, ctx: &mut Context<Self>) -> Self::Result {
        let prepared = catch_panic(|| message.prepare(&self.hasher)).unwrap_or(Err(PasswordError::Panicked));
        let (answer, answered) = oneshot::channel();
        match prepared {
            Ok(job) => {
                self.waiting.push_back(job.into_lane(answer));
                self.dispatch(ctx);
            }
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        }
        Box::pin(async move { answered.await.unwrap_or(Err(Unreachable::Stopped("password").into())) })
    }
}

/// Asks whether a hash thread answers.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), PasswordError>")]
pub struct PingPassword;

impl Handler<PingPassword> for PasswordActor {
    type Result = ResponseFuture<Result<(), PasswordError>>;

    fn handle(&mut self, _: PingPassword, _: &mut Context<Self>) -> Self::Result {
        let threads = self.threads.clone();
        Box::pin(async move { threads.ask(PingThread).await })
    }
}

/// The way to the password actor: through the queue, which refuses where the wait would be too long.
#[derive(Clone)]
pub struct Passwords {
    handle: Handle<PasswordActor>,
    hasher: Arc<Hasher>,
    admission: Arc<Admission>,
}

impl Passwords {
    /// Puts the queue in front of the actor.
    #[must_use]
    pub fn new(handle: Handle<PasswordActor>, hasher: Arc<Hasher>, admission: Arc<Admission>) -> Self {
        Self { handle, hasher, admission }
    }

    /// Waits for a hash slot.
    ///
    /// # Errors
    ///
    /// [`QueueFull`] at once where the wait would exceed the budget, and later where it did.
    pub async fn slot(&self, flow: FlowKey) -> Result<HashSlot, QueueFull> {
        self.slot_until(flow, self.deadline()).await
    }

    /// Waits for a hash slot until a deadline. A caller that gives its slot back and queues again passes the
    /// same deadline, so that all its waits together stay within one budget.
    ///
    /// # Errors
    ///
    /// [`QueueFull`] at once where the wait would end after the deadline, and later where it did.
    pub async fn slot_until(&self, flow: FlowKey, deadline: Instant) -> Result<HashSlot, QueueFull> {
        self.admission.enter(flow, deadline).await
    }

    /// When the budget of a caller that arrives now is used up.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.admission.deadline()
    }

    /// Has the password actor compute a hash. The slot comes back with the answer. If the caller no longer
    /// waits, the slot is passed on when the hash has been computed.
    ///
    /// # Errors
    ///
    /// The message's own.
    pub async fn ask<M: PasswordMessage>(
        &self,
        slot: HashSlot,
        message: M,
    ) -> Result<(M::Answer, HashSlot), PasswordError> {
        self.handle.ask(WithSlot { message, slot }).await
    }

    /// How passwords are hashed and compared.
    #[must_use]
    pub fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// How many slots there are.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.admission.slots()
    }

    /// How many wait for a slot.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.admission.waiting()
    }

    /// The handle, for pings.
    #[must_use]
    pub const fn handle(&self) -> &Handle<PasswordActor> {
        &self.handle
    }
}
