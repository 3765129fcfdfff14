//! The formats of stored hashes, and when a hash is outdated.
//!
//! Below 72 bytes a password is hashed with bcrypt as `$2b$`. bcrypt reads only 72 bytes, so it does not see
//! where a password of 72 bytes or more ends. Such a password is hashed in passlib's `bcrypt_sha256` format,
//! version 2: bcrypt of the Base64 of HMAC-SHA-256 of the password, keyed with the salt.

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest, hmac};
use base64::{Engine, prelude::BASE64_STANDARD};
use bcrypt_lanes::{Cost, Digest, Input};
use zeroize::Zeroizing;

use super::PasswordError;
use crate::domain::{Password, PasswordHash, Random, RequestId};

/// The number of password bytes that bcrypt reads.
const BCRYPT_LIMIT: usize = 72;

/// How far the cost of an imported hash may be above the server's. Each step doubles the time of every login,
/// because all take as long as one with the costliest hash.
const COST_MARGIN: u32 = 2;

/// The highest cost of a stored hash that every server compares: 16 times the default's time. A hash of cost
/// 31 would keep a thread busy for a day.
const MAX_COST: u32 = 16;

/// The lowest cost of bcrypt.
const MIN_COST: u32 = 4;

/// Why a stored hash can never match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableHash {
    /// The format is unknown.
    #[error("the hash is not a bcrypt hash")]
    Malformed,
    /// It would make every login slow.
    #[error("the hash has a cost of {cost}, and with --bcrypt-cost {own_cost} at most {} is accepted", own_cost + COST_MARGIN)]
    TooCostly {
        /// The cost of the hash.
        cost: u32,
        /// The server's cost.
        own_cost: u32,
    },
}

/// Checks that a server of this cost can compare an imported hash, and returns the hash's cost.
///
/// # Errors
///
/// If it is malformed or too costly.
pub fn check_hash(hash: &PasswordHash, own_cost: u32) -> Result<u32, UnusableHash> {
    let stored = Stored::parse(hash.expose()).ok_or(UnusableHash::Malformed)?;
    match stored.cost {
        ..MIN_COST => Err(UnusableHash::Malformed),
        cost if cost > own_cost + COST_MARGIN => Err(UnusableHash::TooCostly { cost, own_cost }),
        cost => Ok(cost),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HashFormat {
    /// `$2a$`, `$2b$`, `$2x$` or `$2y$`: bcrypt of the password.
    Bcrypt,
    /// `$bcrypt-sha256$2b,12$…`: bcrypt of the Base64 of SHA-256 (passlib 1.6).
    Sha256V1,
    /// `$bcrypt-sha256$v=2,t=2b,r=12$…`: bcrypt of the Base64 of HMAC-SHA-256 (passlib 1.7.3).
    Sha256V2,
}

impl HashFormat {
    /// The input of bcrypt.
    fn key(self, password: &Password, salt: &str) -> Zeroizing<Vec<u8>> {
        let digest = match self {
            Self::Bcrypt => return Zeroizing::new(password.expose().as_bytes().to_vec()),
            Self::Sha256V1 => digest::digest(&digest::SHA256, password.expose().as_bytes()).as_ref().to_vec(),
            Self::Sha256V2 => keyed_digest(password, salt),
        };
        Zeroizing::new(BASE64_STANDARD.encode(Zeroizing::new(digest)).into_bytes())
    }
}

struct Stored<'a> {
    form: HashFormat,
    variant: &'a str,
    cost: u32,
    salt: &'a str,
    digest: &'a str,
}

impl<'a> Stored<'a> {
    fn parse(hash: &'a str) -> Option<Self> {
        let stored = match hash.strip_prefix("$bcrypt-sha256$") {
            Some(rest) => {
                let (settings, rest) = rest.split_once('$')?;
                let (salt, digest) = rest.split_once('$')?;
                let (form, variant, cost) = match settings.strip_prefix("v=2,t=") {
                    Some(settings) => {
                        let (variant, cost) = settings.split_once(",r=")?;
                        (HashFormat::Sha256V2, variant, cost)
                    }
                    None => {
                        let (variant, cost) = settings.split_once(',')?;
                        (HashFormat::Sha256V1, variant, cost)
                    }
                };
                Self { form, variant, cost: parse_cost(cost)?, salt, digest }
            }
            None => {
                let (variant, rest) = hash.strip_prefix('$')?.split_once('$')?;
                let (cost, rest) = rest.split_once('$')?;
                let (salt, digest) = rest.split_at_checked(22)?;
                Self { form: HashFormat::Bcrypt, variant, cost: parse_cost(cost)?, salt, digest }
            }
        };
        // The parser of the crate knows the alphabets.
        stored.parts().map(|_| stored)
    }

    fn parts(&self) -> Option<bcrypt::HashParts> {
        self.bcrypt().parse().ok()
    }

    /// The hash in the format of bare bcrypt.
    fn bcrypt(&self) -> String {
        format!("${}${:02}${}{}", self.variant, self.cost, self.salt, self.digest)
    }

    /// Whether the password could have been hashed in this format. bcrypt repeats a short password with a NUL
    /// between, so it would not distinguish it from the same repetition typed with NULs.
    fn can_match(&self, password: &Password) -> bool {
        self.form != HashFormat::Bcrypt || !password.expose().contains('\0')
    }

    /// The format and the cost in which a matching password would be stored today. A hash is never made
    /// cheaper to guess, so a cost above the server's is kept.
    fn successor(&self, password: &Password, own_cost: u32) -> (HashFormat, u32) {
        // bcrypt truncated what was typed, and it is unknown where the owner thinks the password ends. The
        // new hash is of the same first 72 bytes, so that whatever was accepted before still is.
        let is_cut = self.form == HashFormat::Bcrypt && password.expose().len() > BCRYPT_LIMIT;
        let form = if is_cut { HashFormat::Bcrypt } else { todays_format(password) };
        (form, self.cost.max(own_cost))
    }
}

fn todays_format(password: &Password) -> HashFormat {
    if password.expose().len() < BCRYPT_LIMIT { HashFormat::Bcrypt } else { HashFormat::Sha256V2 }
}

fn parse_cost(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn keyed_digest(password: &Password, salt: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
    hmac::sign(&key, password.expose().as_bytes()).as_ref().to_vec()
}

/// A dummy hash: it takes as long to compare as any other of its cost, and never matches.
pub(super) fn unmatched(cost: u32, random: &Random) -> Result<PasswordHash, PasswordError> {
    let (salt, digest) = (random.bytes::<16>()?, random.bytes::<23>()?);
    let (salt, digest) = (bcrypt::BASE_64.encode(salt), bcrypt::BASE_64.encode(digest));
    Ok(PasswordHash::new(format!("$2b${cost:02}${salt}{digest}")))
}

/// A password that is being hashed in order to be stored.
pub(super) struct Hashing {
    /// The input of its lane.
    pub(super) input: Input,
    /// The rest of the stored hash.
    pub(super) text: HashText,
}

/// A stored hash without its digest.
pub(super) struct HashText {
    form: HashFormat,
    cost: u32,
    salt: [u8; 16],
}

impl Hashing {
    /// Prepares to hash a password in the current format.
    pub(super) fn of(password: &Password, cost: u32, random: &Random) -> Result<Self, PasswordError> {
        Self::with_salt(password, todays_format(password), cost, random.bytes()?)
    }

    /// Prepares to rehash a password that has just matched an outdated hash.
    pub(super) fn renewing(
        password: &Password,
        outdated: &PasswordHash,
        own_cost: u32,
        random: &Random,
    ) -> Result<Self, PasswordError> {
        let stored = Stored::parse(outdated.expose()).ok_or(PasswordError::Bcrypt)?;
        let (form, cost) = stored.successor(password, own_cost);
        Self::with_salt(password, form, cost, random.bytes()?)
    }

    fn with_salt(
        password: &Password,
        form: HashFormat,
        cost: u32,
        salt: [u8; 16],
    ) -> Result<Self, PasswordError> {
        let input = input(&form.key(password, &bcrypt::BASE_64.encode(salt)), salt, cost)?;
        Ok(Self { input, text: HashText { form, cost, salt } })
    }
}

impl HashText {
    /// The hash in its stored form.
    pub(super) fn finish(self, digest: &Digest) -> PasswordHash {
        let Self { form, cost, salt } = self;
        let (salt, digest) = (bcrypt::BASE_64.encode(salt), bcrypt::BASE_64.encode(stored_part(digest)));
        PasswordHash::new(match form {
            HashFormat::Bcrypt => format!("$2b${cost:02}${salt}{digest}"),
            HashFormat::Sha256V1 => format!("$bcrypt-sha256$2b,{cost}${salt}${digest}"),
            HashFormat::Sha256V2 => format!("$bcrypt-sha256$v=2,t=2b,r={cost}${salt}${digest}"),
        })
    }
}

/// The input of a lane. `key` has at most the 72 bytes that bcrypt reads.
fn input(key: &[u8], salt: [u8; 16], cost: u32) -> Result<Input, PasswordError> {
    let key = key.get(..BCRYPT_LIMIT).unwrap_or(key);
    let cost = Cost::new(cost).map_err(|_| PasswordError::Bcrypt)?;
    Input::new(key, salt, cost).map_err(|_| PasswordError::Bcrypt)
}

/// The part of a digest that text formats contain: all but the last byte.
fn stored_part(digest: &Digest) -> &[u8] {
    digest.split_last().map_or(&[], |(_, stored)| stored)
}

/// A password that is being compared with a stored hash, or with the dummy.
///
/// Its lane always runs for `level`: the digest of a cheaper hash is due earlier, and its lane goes on for
/// nothing. Without a hash, the dummy is compared.
pub(super) struct Comparison {
    /// The input of its lane.
    pub(super) input: Input,
    /// The cost for which the lane runs.
    pub(super) run: u32,
    /// What the digest is compared with.
    pub(super) expected: Expected,
}

/// The digest of a stored hash.
pub(super) struct Expected {
    digest: Vec<u8>,
    is_somebodys: bool,
}

impl Comparison {
    /// Prepares a comparison that takes as long as one hash of cost `level`. Only a hash of a higher cost
    /// takes longer.
    pub(super) fn new(
        password: &Password,
        hash: Option<&PasswordHash>,
        dummy: &PasswordHash,
        level: u32,
        request_id: &RequestId,
    ) -> Result<Self, PasswordError> {
        let stored = hash
            .and_then(|hash| comparable(hash, level, request_id))
            .filter(|stored| stored.can_match(password));
        let is_somebodys = stored.is_some();
        let compared = stored.or_else(|| Stored::parse(dummy.expose())).ok_or(PasswordError::Bcrypt)?;
        let salt = compared.parts().ok_or(PasswordError::Bcrypt)?.get_salt_raw();
        let digest = bcrypt::BASE_64.decode(compared.digest).map_err(|_| PasswordError::Bcrypt)?;
        let input = input(&compared.form.key(password, compared.salt), salt, compared.cost)?;
        Ok(Self { input, run: compared.cost.max(level), expected: Expected { digest, is_somebodys } })
    }
}

impl Expected {
    /// Whether the digest is the stored one.
    pub(super) fn matches(&self, digest: &Digest) -> bool {
        verify_slices_are_equal(stored_part(digest), &self.digest).is_ok() && self.is_somebodys
    }
}

fn comparable<'a>(hash: &'a PasswordHash, level: u32, request_id: &RequestId) -> Option<Stored<'a>> {
    let Some(stored) = Stored::parse(hash.expose()) else {
        log::warn!(request_id:%; "a stored password hash is malformed; it matches nothing");
        return None;
    };
    if !(MIN_COST..=cost_limit(level)).contains(&stored.cost) {
        log::warn!(request_id:%; "a stored password hash has a cost of {}; it matches nothing", stored.cost);
        return None;
    }
    Some(stored)
}

/// The highest cost of a stored hash that a server of this cost compares.
pub(super) const fn cost_limit(own_cost: u32) -> u32 {
    if own_cost + COST_MARGIN > MAX_COST { own_cost + COST_MARGIN } else { MAX_COST }
}

/// Whether a hash that a password has just matched has an outdated format or cost.
pub(super) fn is_outdated(password: &Password, hash: &PasswordHash, own_cost: u32) -> bool {
    Stored::parse(hash.expose()).is_some_and(|stored| {
        let (form, cost) = stored.successor(password, own_cost);
        stored.variant != "2b" || stored.form != form || stored.cost != cost
    })
}

#[cfg(test)]
mod tests;
