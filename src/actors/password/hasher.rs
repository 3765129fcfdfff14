//! How passwords are hashed and compared.

use std::sync::atomic::{AtomicU32, Ordering};

use super::{
    PasswordError,
    hash::{self, Comparison},
    lanes::Job,
};
use crate::domain::{Password, PasswordHash, Random, RequestId};

/// The settings that the hash threads share: how to hash, and the dummy for unknown users.
#[derive(Debug)]
pub struct Hasher {
    pub(super) cost: u32,
    /// The cost that every comparison takes: the server's, or the highest of any stored hash if that is
    /// higher.
    level: AtomicU32,
    pub(super) random: Random,
    dummy: PasswordHash,
}

impl Hasher {
    /// Creates a hasher with a bcrypt cost from 4 to 31.
    ///
    /// # Errors
    ///
    /// If there is no randomness for the dummy.
    pub fn new(cost: u32, random: Random) -> Result<Self, PasswordError> {
        let dummy = hash::unmatched(cost, &random)?;
        Ok(Self { cost, level: AtomicU32::new(cost), random, dummy })
    }

    /// The highest cost of a stored hash that is compared at all.
    #[must_use]
    pub const fn cost_limit(&self) -> u32 {
        hash::cost_limit(self.cost)
    }

    /// Records the highest cost of any stored hash. If it is above the server's, every comparison takes as
    /// long as one with that hash from now on, because otherwise the time of a login would reveal its user.
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
        request_id: &RequestId,
    ) -> Result<Comparison, PasswordError> {
        Comparison::new(password, hash, &self.dummy, self.level.load(Ordering::Relaxed), request_id)
    }

    /// A job that hashes a dummy, for tests of how hash threads treat jobs.
    ///
    /// # Errors
    ///
    /// If there is no randomness.
    pub fn dummy_job<A: Send + 'static>(
        &self,
        finish: impl FnOnce() -> Result<A, PasswordError> + Send + 'static,
    ) -> Result<Job<A>, PasswordError> {
        let comparison = self.comparison(&Password::new(String::new()), None, &RequestId::default())?;
        Job::new(comparison.run, comparison.input, move |_| finish())
    }
}
