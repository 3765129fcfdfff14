//! What [`PasswordActor`](super::PasswordActor) is asked.

use actix::Message;

use super::{
    HashSlot, Hasher, Job, PasswordError, PasswordMessage,
    hash::{self, Comparison, Hashing},
};
use crate::domain::{NewPassword, Password, PasswordHash};

/// Hashes a password that is to be stored.
#[derive(Debug, Message)]
#[rtype(result = "Result<PasswordHash, PasswordError>")]
pub struct HashPassword {
    /// The password.
    pub password: NewPassword,
}

impl PasswordMessage for HashPassword {
    type Answer = PasswordHash;

    fn prepare(self, hasher: &Hasher) -> Result<Job<PasswordHash>, PasswordError> {
        let hashing = Hashing::of(self.password.password(), hasher.cost, &hasher.random)?;
        hashing_job(hashing)
    }
}

/// Compares a password with a stored hash. Without a hash, because there is no such user, it takes as long
/// and does not match.
#[derive(Debug, Message)]
#[rtype(result = "Result<PasswordVerdict, PasswordError>")]
pub struct VerifyPassword {
    /// What was typed.
    pub password: Password,
    /// What it must match.
    pub hash: Option<PasswordHash>,
}

/// What a comparison found.
#[derive(Debug)]
pub enum PasswordVerdict {
    /// Another password, or no such user.
    Wrong,
    /// The right one.
    Right {
        /// What renews the stored hash, where its form or cost is not today's.
        rehash: Option<Rehash>,
    },
}

impl PasswordMessage for VerifyPassword {
    type Answer = PasswordVerdict;

    fn prepare(self, hasher: &Hasher) -> Result<Job<PasswordVerdict>, PasswordError> {
        let Comparison { input, run, expected } = hasher.comparison(&self.password, self.hash.as_ref())?;
        let cost = hasher.cost;
        Job::new(run, input, move |digest| {
            if !expected.matches(digest) {
                return Ok(PasswordVerdict::Wrong);
            }
            let rehash = match self.hash {
                Some(stored) if hash::is_outdated(&self.password, &stored, cost) => {
                    Some(Rehash { password: self.password, outdated: stored })
                }
                _ => None,
            };
            Ok(PasswordVerdict::Right { rehash })
        })
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

    fn prepare(self, hasher: &Hasher) -> Result<Job<PasswordHash>, PasswordError> {
        hashing_job(Hashing::renewing(&self.password, &self.outdated, hasher.cost, &hasher.random)?)
    }
}

fn hashing_job(Hashing { input, text }: Hashing) -> Result<Job<PasswordHash>, PasswordError> {
    Job::new(input.cost().get(), input, move |digest| Ok(text.finish(digest)))
}

/// A message with the slot of its sender.
///
/// The job holds the slot. If the sender leaves, the slot is passed on when the job is done, not while the
/// job still needs a lane.
pub(super) struct WithSlot<M> {
    pub(super) message: M,
    pub(super) slot: HashSlot,
}

impl<M: PasswordMessage> Message for WithSlot<M> {
    type Result = Result<(M::Answer, HashSlot), PasswordError>;
}

impl<M: PasswordMessage> PasswordMessage for WithSlot<M> {
    type Answer = (M::Answer, HashSlot);

    fn prepare(self, hasher: &Hasher) -> Result<Job<Self::Answer>, PasswordError> {
        Ok(self.message.prepare(hasher)?.keeping(self.slot.with_hash()))
    }
}
