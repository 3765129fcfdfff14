//! The messages to [`PasswordActor`](super::PasswordActor).

use actix::Message;

use super::{
    HashSlot, Hasher, Job, PasswordError,
    hash::{self, Comparison, Hashing},
};
use crate::domain::{NewPassword, Password, PasswordHash, RequestId};

/// A message to [`PasswordActor`](super::PasswordActor): work that costs about one hash.
pub trait PasswordMessage: Message<Result = Result<Self::Answer, PasswordError>> + Send + 'static {
    /// The answer to the message.
    type Answer: Send + 'static;

    /// Prepares the input of the hash, and how its digest becomes the answer.
    ///
    /// # Errors
    ///
    /// If it cannot be hashed.
    fn prepare(self, hasher: &Hasher) -> Result<Job<Self::Answer>, PasswordError>;
}

/// Hashes a password in order to store it.
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
    /// The password as it was typed.
    pub password: Password,
    /// The stored hash, if there is one.
    pub hash: Option<PasswordHash>,
    /// The request that the password came with.
    pub request_id: RequestId,
}

/// The result of a comparison.
#[derive(Debug)]
pub enum PasswordVerdict {
    /// The password is wrong, or there is no such user.
    Wrong,
    /// The password is right.
    Right {
        /// Renews the stored hash, if its format or cost is outdated.
        rehash: Option<Rehash>,
    },
}

impl PasswordMessage for VerifyPassword {
    type Answer = PasswordVerdict;

    fn prepare(self, hasher: &Hasher) -> Result<Job<PasswordVerdict>, PasswordError> {
        let Comparison { input, run, expected } =
            hasher.comparison(&self.password, self.hash.as_ref(), &self.request_id)?;
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

/// Rehashes a password that matched an outdated hash.
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

/// A message with its sender's slot.
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
