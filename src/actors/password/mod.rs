//! `PasswordActor`: bcrypt, on threads of its own with a low priority.
//!
//! It hashes and verifies and nothing else; it never touches the database. Who may have a hash
//! computed, and when, is decided before it is asked: [`Passwords`] is the way in.

mod admission;
mod hash;

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use actix::{Actor, ActorContext, Addr, Handler, Message, SyncArbiter, SyncContext};
use tokio::time::Instant;

pub use self::{
    admission::{Admission, Applicant, Refused, Turn},
    hash::{UnusableHash, check_hash},
};
use super::{Handle, Unreachable, panic::caught};
use crate::{
    domain::{NewPassword, NoRandomness, Password, PasswordHash, Random},
    metrics,
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
    /// The handler panicked; the actor has restarted.
    #[error("the password actor panicked and was restarted")]
    Panicked,
}

/// A message to [`PasswordActor`]: something that costs about one hash.
pub trait PasswordMessage: Message<Result = Result<Self::Answer, PasswordError>> + Send + 'static {
    /// What the sender gets.
    type Answer: Send + 'static;

    /// Does the work.
    ///
    /// # Errors
    ///
    /// What kept it from being done.
    fn run(self, hasher: &Hasher) -> Result<Self::Answer, PasswordError>;
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

    fn compare(&self, password: &Password, hash: Option<&PasswordHash>) -> bool {
        hash::compare(password, hash, &self.dummy, self.level.load(Ordering::Relaxed))
    }
}

/// One of the threads that hash; see the module's documentation.
pub struct PasswordActor {
    hasher: Arc<Hasher>,
    admission: Arc<Admission>,
}

impl PasswordActor {
    /// Starts the hash threads. Every hash that they compute teaches `admission` how long one
    /// takes.
    #[must_use]
    pub fn start(threads: NonZeroUsize, hasher: Arc<Hasher>, admission: Arc<Admission>) -> Addr<Self> {
        SyncArbiter::start_with_thread_builder(
            threads.get(),
            || thread::Builder::new().name("sekisho-hash".to_owned()),
            move || Self { hasher: Arc::clone(&hasher), admission: Arc::clone(&admission) },
        )
    }
}

impl Actor for PasswordActor {
    type Context = SyncContext<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        // On Linux a nice value belongs to the thread: everybody else goes before the hashes.
        if let Err(error) = rustix::process::setpriority_process(None, 9) {
            log::warn!("hash threads keep their ordinary priority: {error}");
        }
    }
}

impl<M: PasswordMessage> Handler<M> for PasswordActor {
    type Result = Result<M::Answer, PasswordError>;

    fn handle(&mut self, message: M, ctx: &mut SyncContext<Self>) -> Self::Result {
        let started = Instant::now();
        let outcome = caught(|| message.run(&self.hasher));
        let elapsed = started.elapsed();
        self.admission.learn(elapsed);
        metrics::password_hashed(elapsed);
        outcome.unwrap_or_else(|_| {
            log::debug!("hashing panicked; the thread's actor restarts");
            ctx.stop();
            Err(PasswordError::Panicked)
        })
    }
}

/// Asks whether a hash thread answers.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), PasswordError>")]
pub struct PingPassword;

impl Handler<PingPassword> for PasswordActor {
    type Result = Result<(), PasswordError>;

    fn handle(&mut self, _: PingPassword, _: &mut SyncContext<Self>) -> Self::Result {
        Ok(())
    }
}

/// Hashes a password that is to be stored.
#[derive(Debug, Message)]
#[rtype(result = "Result<PasswordHash, PasswordError>")]
pub struct HashPassword {
    /// The password.
    pub password: NewPassword,
}

impl PasswordMessage for HashPassword {
    type Answer = PasswordHash;

    fn run(self, hasher: &Hasher) -> Result<PasswordHash, PasswordError> {
        hash::hash(self.password.password(), hasher.cost, &hasher.random)
    }
}

/// Compares a password with a stored hash. Without a hash, because there is no such user, it takes as long
/// and does not match.
#[derive(Debug, Message)]
#[rtype(result = "Result<Verdict, PasswordError>")]
pub struct VerifyPassword {
    /// What was typed.
    pub password: Password,
    /// What it must match.
    pub hash: Option<PasswordHash>,
}

/// What a comparison found.
#[derive(Debug)]
pub enum Verdict {
    /// Another password, or no such user.
    Wrong,
    /// The right one.
    Right {
        /// What renews the stored hash, where its form or cost is not today's.
        rehash: Option<Rehash>,
    },
}

impl PasswordMessage for VerifyPassword {
    type Answer = Verdict;

    fn run(self, hasher: &Hasher) -> Result<Verdict, PasswordError> {
        if !hasher.compare(&self.password, self.hash.as_ref()) {
            return Ok(Verdict::Wrong);
        }
        let rehash = match self.hash {
            Some(stored) if hash::is_outdated(&self.password, &stored, hasher.cost) => {
                Some(Rehash { password: self.password, outdated: stored })
            }
            _ => None,
        };
        Ok(Verdict::Right { rehash })
    }
}

/// Hashes a password anew, which a comparison found to match a hash of yesterday's form or cost.
#[derive(Debug, Message)]
#[rtype(result = "Result<PasswordHash, PasswordError>")]
pub struct Rehash {
    password: Password,
    outdated: PasswordHash,
}

impl Rehash {
    /// The hash that it replaces.
    #[must_use]
    pub const fn outdated(&self) -> &PasswordHash {
        &self.outdated
    }
}

impl PasswordMessage for Rehash {
    type Answer = PasswordHash;

    fn run(self, hasher: &Hasher) -> Result<PasswordHash, PasswordError> {
        hash::renew(&self.password, &self.outdated, hasher.cost, &hasher.random)
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

    /// Has something hashed by whoever holds the turn.
    ///
    /// # Errors
    ///
    /// The message's own.
    pub async fn ask<M: PasswordMessage>(&self, _: &Turn, message: M) -> Result<M::Answer, PasswordError> {
        self.handle.ask(message).await
    }

    /// How passwords are hashed and compared.
    #[must_use]
    pub fn hasher(&self) -> &Hasher {
        &self.hasher
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
