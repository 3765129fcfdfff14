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
    admission::{Admission, Applicant, Refused, Turn},
    hash::{UnusableHash, check_hash},
    lanes::Job,
    messages::{HashPassword, Rehash, Verdict, VerifyPassword},
    speed::{Speed, measure_speed},
};
use self::{
    hash::Comparison,
    lanes::{ComputeLanes, HashThread, Lane, PingThread},
    messages::InTurn,
};
use super::{Handle, Limits, Unreachable, panic::caught};
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
    /// In the order of their arrival, which is that of their turns.
    waiting: VecDeque<Lane>,
    /// Set for a moment after a group: the clients that it has just answered, and those to whom their
    /// turns have passed, had better come together than one by one.
    gathering: Option<SpawnHandle>,
    hasher: Arc<Hasher>,
    admission: Arc<Admission>,
}

impl PasswordActor {
    /// The longest time for which a thread waits for more jobs after it has computed a group.
    const LONGEST_GATHERING: Duration = Duration::from_millis(5);

    /// What a gathering costs at most: this part of the time of the group before it.
    const GATHERING_PART: u32 = 64;

    /// A shorter one is not worth a timer.
    const SHORTEST_GATHERING: Duration = Duration::from_millis(1);

    /// Starts the hash threads, and the actor on this thread's arbiter. Every group that is computed
    /// teaches `admission` how long a turn lasts.
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
        let gathering = (took / Self::GATHERING_PART).min(Self::LONGEST_GATHERING);
        if lanes > 1 && self.gathering.is_none() && gathering >= Self::SHORTEST_GATHERING {
            self.gathering = Some(ctx.run_later(gathering, |actor, ctx| {
                actor.gathering = None;
                actor.dispatch(ctx);
            }));
        }
        self.dispatch(ctx);
    }
}

/// How long a full group would have taken, by what one of so many lanes took: that is how long turns
/// last when many wait, which is when the queue needs to know.
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
        let prepared = caught(|| message.prepare(&self.hasher)).unwrap_or(Err(PasswordError::Panicked));
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

/// The way to the password actor: in turn, and not at all where the wait would be too long.
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

    /// Waits until it is the applicant's turn.
    ///
    /// # Errors
    ///
    /// [`Refused`] at once where the wait would exceed the budget, and later where it did.
    pub async fn turn(&self, applicant: Applicant) -> Result<Turn, Refused> {
        self.turn_until(applicant, self.deadline()).await
    }

    /// Waits until it is the applicant's turn, but not beyond a deadline: for whoever gives a turn
    /// back and enters again, so that all their waits together stay within one budget.
    ///
    /// # Errors
    ///
    /// [`Refused`] at once where the wait would end after the deadline, and later where it did.
    pub async fn turn_until(&self, applicant: Applicant, deadline: Instant) -> Result<Turn, Refused> {
        self.admission.enter(applicant, deadline).await
    }

    /// When the budget ends of whoever arrives now.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.admission.deadline()
    }

    /// Has something hashed by whoever holds the turn, which comes back with the answer. Where nobody
    /// waits for that any more, the turn is passed on when the hash is computed.
    ///
    /// # Errors
    ///
    /// The message's own.
    pub async fn ask<M: PasswordMessage>(
        &self,
        turn: Turn,
        message: M,
    ) -> Result<(M::Answer, Turn), PasswordError> {
        self.handle.ask(InTurn { message, turn }).await
    }

    /// How passwords are hashed and compared.
    #[must_use]
    pub fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// How many can have a turn at once.
    #[must_use]
    pub fn turns(&self) -> usize {
        self.admission.turns()
    }

    /// How many wait for their turn.
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
