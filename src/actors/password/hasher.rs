//! How passwords are hashed and compared.

use std::sync::atomic::{AtomicU32, Ordering};

use super::{
    PasswordError,
    hash::{self, Comparison},
    lanes::Job,
};
use crate::domain::{Password, PasswordHash, Random};

/// What the threads share: how to hash, and what unknown users are compared with.
#[derive(Debug)]
pub struct Hasher {
    pub(super) cost: u32,
    /// The cost that every comparison takes: ours, or the highest of any stored hash.
    level: AtomicU32,
    pub(super) random: Random,
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

    pub(super) fn comparison(
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
