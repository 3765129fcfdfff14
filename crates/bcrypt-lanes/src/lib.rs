//! Computes several bcrypt hashes side by side on one core, in little more time than one hash takes.
//!
//! bcrypt is slow because each of its rounds looks up words in tables, at indexes that depend on the
//! round before. A core waits for these lookups most of the time. [`hash`] computes up to
//! [`MAX_LANES`] independent hashes in step, so that the core waits for several lookups at once. Each
//! hash is bit for bit the one that any other implementation computes.
//!
//! The caller handles the text form of hashes (`$2b$12$…`) and passwords longer than bcrypt reads.
//!
//! ```
//! use bcrypt_lanes::{Cost, Input, hash};
//!
//! let cost = Cost::new(4)?;
//! let inputs = [Input::new(b"correct horse", [1; 16], cost)?, Input::new(b"battery staple", [2; 16], cost)?];
//!
//! let [one, other] = hash(cost, &inputs)?[..] else { unreachable!("as many digests as inputs") };
//! assert_ne!(one, other);
//! # Ok::<(), bcrypt_lanes::Error>(())
//! ```

#![forbid(unsafe_code)]

mod pi;
mod state;

/// The example in the README is true.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

use std::fmt;

use zeroize::Zeroize;

use self::{
    pi::INITIAL,
    state::{State, encrypt, expand_key, expand_key_unsalted, fill_key_words},
};

/// The number of hashes that are worth computing at once on one core; see the measurements in the README.
pub const MAX_LANES: usize = 4;

/// The time of 1, 2, 3 and 4 hashes together, in hundredths of the time of one alone, as measured in the
/// README. For estimates of how long a queue will take.
pub const RELATIVE_TIMES: [u32; MAX_LANES] = [100, 107, 118, 134];

/// The maximum number of password bytes that bcrypt reads.
pub const MAX_PASSWORD_BYTES: usize = 72;

/// The text that bcrypt encrypts: `OrpheanBeholderScryDoubt` as big-endian words.
const MAGIC: [u32; 6] = [0x4f72_7068, 0x6561_6e42, 0x6568_6f6c, 0x6465_7253, 0x6372_7944, 0x6f75_6274];

/// bcrypt's result, 24 bytes. Text forms omit the last byte.
pub type Digest = [u8; 24];

/// The binary logarithm of the number of key expansions: 4 to 31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost(u32);

impl Cost {
    /// Checks a cost.
    ///
    /// # Errors
    ///
    /// [`Error::Cost`] unless it is between 4 and 31.
    pub const fn new(cost: u32) -> Result<Self, Error> {
        if cost < 4 || cost > 31 { Err(Error::Cost(cost)) } else { Ok(Self(cost)) }
    }

    /// The cost as a number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    const fn expansions(self) -> u64 {
        1 << self.0
    }
}

/// Why nothing was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The cost is not between 4 and 31.
    Cost(u32),
    /// The password has more bytes than bcrypt reads. Truncating it is the caller's decision.
    PasswordTooLong(usize),
    /// An input's cost is greater than the cost of the run.
    CostAboveRun(u32),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cost(cost) => write!(f, "a cost of {cost} is not between 4 and 31"),
            Self::PasswordTooLong(bytes) => write!(f, "a password of {bytes} bytes is longer than 72"),
            Self::CostAboveRun(cost) => write!(f, "an input's cost of {cost} is above that of the run"),
        }
    }
}

impl std::error::Error for Error {}

/// One password to hash.
///
/// The password is kept in one place on the heap even when the input is moved, and wiped when the input is
/// dropped.
#[derive(Clone)]
pub struct Input {
    key: Box<[u32; 18]>,
    salt: [u32; 4],
    cost: Cost,
}

impl Drop for Input {
    fn drop(&mut self) {
        self.key.zeroize();
        self.salt.zeroize();
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("cost", &self.cost).finish_non_exhaustive()
    }
}

impl Input {
    /// Creates an input from a password of at most [`MAX_PASSWORD_BYTES`], its salt and the cost of its hash.
    ///
    /// The key is the password and a NUL byte, cut to 72 bytes, as in OpenBSD (`$2b$`). A NUL byte within the
    /// password does not end it.
    ///
    /// # Errors
    ///
    /// [`Error::PasswordTooLong`].
    pub fn new(password: &[u8], salt: [u8; 16], cost: Cost) -> Result<Self, Error> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(Error::PasswordTooLong(password.len()));
        }
        let mut key = Box::new([0; 18]);
        fill_key_words(&mut key, password.iter().copied().chain([0]).take(MAX_PASSWORD_BYTES));
        let (salt, _) = salt.as_chunks::<4>();
        let salt =
            std::array::from_fn(|word| u32::from_be_bytes(salt.get(word).copied().unwrap_or_default()));
        Ok(Self { key, salt, cost })
    }

    /// The cost of its hash.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }
}

/// Hashes any number of passwords on this thread, [`MAX_LANES`] at a time, and returns their digests in the
/// same order.
///
/// Every lane runs for the cost `run`. The digest of an input of a lower cost is taken when it is due, and
/// its lane goes on computing for nothing. So neither the time of the call nor that of its neighbours reveals
/// the costs.
///
/// # Errors
///
/// [`Error::CostAboveRun`] if an input's cost is greater than `run`. Nothing is hashed then.
pub fn hash(run: Cost, inputs: &[Input]) -> Result<Vec<Digest>, Error> {
    if let Some(input) = inputs.iter().find(|input| input.cost > run) {
        return Err(Error::CostAboveRun(input.cost.get()));
    }
    let mut digests = Vec::with_capacity(inputs.len());
    for chunk in inputs.chunks(MAX_LANES) {
        match chunk {
            [a, b, c, d] => digests.extend(lanes(run, [a, b, c, d])),
            [a, b, c] => digests.extend(lanes(run, [a, b, c])),
            [a, b] => digests.extend(lanes(run, [a, b])),
            others => digests.extend(others.iter().flat_map(|input| lanes(run, [input]))),
        }
    }
    Ok(digests)
}

/// Hashes `N` passwords in step, for benchmarks of the number of lanes. Use [`hash`] instead.
#[doc(hidden)]
#[must_use]
pub fn lanes<const N: usize>(run: Cost, inputs: [&Input; N]) -> [Digest; N] {
    // EksBlowfishSetup (Provos and Mazières 1999, section 4).
    let mut states = Box::new([const { INITIAL }; N]);
    let mut keys = inputs.map(|input| *input.key);
    let salts = inputs.map(|input| input.salt);
    let salt_keys =
        salts.map(|salt| std::array::from_fn(|word| salt.get(word % 4).copied().unwrap_or_default()));
    expand_key(&mut states, &keys, &salts);
    let mut digests = [[0; 24]; N];
    let mut done = 0;
    // The costs among the inputs in ascending order. At each of them the digests of some lanes are due.
    for cost in 4..=run.get() {
        let due = Cost(cost);
        if due != run && inputs.iter().all(|input| input.cost != due) {
            continue;
        }
        while done < due.expansions() {
            expand_key_unsalted(&mut states, &keys);
            expand_key_unsalted(&mut states, &salt_keys);
            done += 1;
        }
        for ((digest, input), state) in digests.iter_mut().zip(inputs).zip(states.iter()) {
            if input.cost == due {
                *digest = encrypt_magic(state);
            }
        }
    }
    states.zeroize();
    keys.zeroize();
    digests
}

/// Encrypts the magic text 64 times.
fn encrypt_magic(state: &State) -> Digest {
    let state = std::array::from_ref(state);
    let mut digest = [0; 24];
    let (blocks, _) = digest.as_chunks_mut::<8>();
    let (magic, _) = MAGIC.as_chunks::<2>();
    for (block, [left, right]) in blocks.iter_mut().zip(magic) {
        let (mut left, mut right) = ([*left], [*right]);
        for _ in 0..64 {
            encrypt(state, &mut left, &mut right);
        }
        let ([left], [right]) = (left, right);
        *block = ((u64::from(left) << 32) | u64::from(right)).to_be_bytes();
    }
    digest
}
