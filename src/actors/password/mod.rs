//! `PasswordActor`: bcrypt, on separate threads with a low priority.
//!
//! It only hashes and verifies, and never touches the database. [`Passwords`], the way in, decides before
//! that whose hash is computed, and when.
//!
//! bcrypt waits for its own table lookups most of the time, so a thread computes up to
//! [`LANES`](bcrypt_lanes::MAX_LANES) hashes side by side. The actor forms these groups; a `HashThread`
//! computes one.

mod actor;
mod admission;
mod hash;
mod hasher;
mod lanes;
mod messages;
mod passwords;
mod speed;

use std::num::NonZeroUsize;

pub use self::{
    actor::PasswordActor,
    admission::{Admission, FlowKey, HashSlot, QueueFull},
    hash::{UnusableHash, check_hash},
    hasher::Hasher,
    lanes::Job,
    messages::{HashPassword, PasswordMessage, PasswordVerdict, Rehash, VerifyPassword},
    passwords::Passwords,
    speed::{Speed, measure_speed},
};
use super::Unreachable;
use crate::domain::NoRandomness;

/// The maximum number of hashes that a thread computes side by side.
pub const LANES: NonZeroUsize = match NonZeroUsize::new(bcrypt_lanes::MAX_LANES) {
    Some(lanes) => lanes,
    None => NonZeroUsize::MIN,
};

/// A password could not be hashed or compared. The error says nothing about the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The message could not be delivered or was not answered.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The system returned no random bytes for a salt.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The configured cost is not valid for bcrypt.
    #[error("bcrypt failed")]
    Bcrypt,
    /// Computing the hash panicked. The hashes beside it are not affected.
    #[error("hashing panicked")]
    Panicked,
}
