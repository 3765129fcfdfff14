//! The forms of a stored hash, and when one is out of date.
//!
//! Below 72 bytes a password is hashed with bcrypt as `$2b$`. bcrypt reads 72 bytes and no further, so of
//! a password that fills them it does not see the end: that and any longer one is hashed in passlib's
//! `bcrypt_sha256` form, version 2, which is bcrypt of the Base64 of HMAC-SHA-256 of the password, keyed
//! with the salt.

use aws_lc_rs::{digest, hmac};
use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use super::PasswordError;
use crate::domain::{Password, PasswordHash, Random};

/// What bcrypt reads of a password, in bytes.
const BCRYPT_LIMIT: usize = 72;

/// How far the cost of a hash made elsewhere may be above the server's. Each step doubles the time of
/// everybody's logins, which all take as long as with the costliest hash.
const COST_MARGIN: u32 = 2;

/// The greatest cost of a stored hash that every server compares: 16 times the default's time. One of 31
/// would keep a thread busy for a day.
const MAX_COST: u32 = 16;

/// bcrypt's lowest cost.
const MIN_COST: u32 = 4;

/// Why a stored hash can never match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableHash {
    /// No form that we know.
    #[error("the hash is no bcrypt hash")]
    Malformed,
    /// It would make everybody's logins slow.
    #[error("the hash has a cost of {cost}, and with --bcrypt-cost {own_cost} at most {} is accepted", own_cost + COST_MARGIN)]
    TooCostly {
        /// Its cost.
        cost: u32,
        /// The server's.
        own_cost: u32,
    },
}

/// Checks that a hash made elsewhere can be compared by a server of this cost, and returns the hash's.
///
/// # Errors
///
/// When it is malformed or too costly.
pub fn check_hash(hash: &PasswordHash, own_cost: u32) -> Result<u32, UnusableHash> {
    let stored = Stored::parse(hash.expose()).ok_or(UnusableHash::Malformed)?;
    match stored.cost {
        ..MIN_COST => Err(UnusableHash::Malformed),
        cost if cost > own_cost + COST_MARGIN => Err(UnusableHash::TooCostly { cost, own_cost }),
        cost => Ok(cost),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `$2a$`, `$2b$`, `$2x$` or `$2y$`: bcrypt of the password.
    Bcrypt,
    /// `$bcrypt-sha256$2b,12$…`: bcrypt of the Base64 of SHA-256 (passlib 1.6).
    Sha256V1,
    /// `$bcrypt-sha256$v=2,t=2b,r=12$…`: bcrypt of the Base64 of HMAC-SHA-256 (passlib 1.7.3).
    Sha256V2,
}

struct Stored<'a> {
    form: Form,
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
                        (Form::Sha256V2, variant, cost)
                    }
                    None => {
                        let (variant, cost) = settings.split_once(',')?;
                        (Form::Sha256V1, variant, cost)
                    }
                };
                Self { form, variant, cost: parse_cost(cost)?, salt, digest }
            }
            None => {
                let (variant, rest) = hash.strip_prefix('$')?.split_once('$')?;
                let (cost, rest) = rest.split_once('$')?;
                let (salt, digest) = rest.split_at_checked(22)?;
                Self { form: Form::Bcrypt, variant, cost: parse_cost(cost)?, salt, digest }
            }
        };
        // The crate's own parser knows the alphabets.
        stored.bcrypt().parse::<bcrypt::HashParts>().ok().map(|_| stored)
    }

    /// The hash as bare bcrypt would write it.
    fn bcrypt(&self) -> String {
        format!("${}${:02}${}{}", self.variant, self.cost, self.salt, self.digest)
    }

    /// What bcrypt was given.
    fn key(&self, password: &Password) -> Zeroizing<Vec<u8>> {
        let digest = match self.form {
            Form::Bcrypt => return Zeroizing::new(password.expose().as_bytes().to_vec()),
            Form::Sha256V1 => digest::digest(&digest::SHA256, password.expose().as_bytes()).as_ref().to_vec(),
            Form::Sha256V2 => keyed_digest(password, self.salt),
        };
        Zeroizing::new(BASE64_STANDARD.encode(Zeroizing::new(digest)).into_bytes())
    }

    /// Whether the password is one that could have been hashed so. bcrypt repeats a short password with a NUL
    /// between, and would take the same typed with NULs for the same.
    fn can_match(&self, password: &Password) -> bool {
        self.form != Form::Bcrypt || !password.expose().contains('\0')
    }

    /// The form and the cost in which a password that matches would be stored today. A hash is never
    /// made cheaper to guess, so a cost above the server's is kept.
    fn successor(&self, password: &Password, own_cost: u32) -> (Form, u32) {
        // bcrypt cut what was typed, and nobody knows where the password's owner thinks it ends. Its hash
        // stays one of the first 72 bytes, so that whatever was accepted before still is.
        let is_cut = self.form == Form::Bcrypt && password.expose().len() > BCRYPT_LIMIT;
        let form = if is_cut { Form::Bcrypt } else { todays_form(password) };
        (form, self.cost.max(own_cost))
    }
}

fn todays_form(password: &Password) -> Form {
    if password.expose().len() < BCRYPT_LIMIT { Form::Bcrypt } else { Form::Sha256V2 }
}

fn parse_cost(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn keyed_digest(password: &Password, salt: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
    hmac::sign(&key, password.expose().as_bytes()).as_ref().to_vec()
}

/// A hash of nothing: it takes as long to compare as any other of its cost, and never matches.
pub(super) fn unmatched(cost: u32, random: &Random) -> Result<PasswordHash, PasswordError> {
    let (salt, digest) = (random.bytes::<16>()?, random.bytes::<23>()?);
    let (salt, digest) = (bcrypt::BASE_64.encode(salt), bcrypt::BASE_64.encode(digest));
    Ok(PasswordHash::new(format!("$2b${cost:02}${salt}{digest}")))
}

/// Hashes in today's form.
pub(super) fn hash(password: &Password, cost: u32, random: &Random) -> Result<PasswordHash, PasswordError> {
    match todays_form(password) {
        Form::Bcrypt => bare_bcrypt(password, cost, random),
        Form::Sha256V1 | Form::Sha256V2 => hash_with_salt(password, cost, random.bytes()?),
    }
}

fn bare_bcrypt(password: &Password, cost: u32, random: &Random) -> Result<PasswordHash, PasswordError> {
    let parts = bcrypt::hash_with_salt(password.expose(), cost, random.bytes()?)
        .map_err(|_| PasswordError::Bcrypt)?;
    Ok(PasswordHash::new(parts.format_for_version(bcrypt::Version::TwoB)))
}

fn hash_with_salt(password: &Password, cost: u32, salt: [u8; 16]) -> Result<PasswordHash, PasswordError> {
    let salt_text = bcrypt::BASE_64.encode(salt);
    let key = Zeroizing::new(BASE64_STANDARD.encode(Zeroizing::new(keyed_digest(password, &salt_text))));
    let bare = bcrypt::hash_with_salt(key.as_bytes(), cost, salt)
        .map_err(|_| PasswordError::Bcrypt)?
        .format_for_version(bcrypt::Version::TwoB);
    let stored = Stored::parse(&bare).ok_or(PasswordError::Bcrypt)?;
    Ok(PasswordHash::new(format!("$bcrypt-sha256$v=2,t=2b,r={cost}${}${}", stored.salt, stored.digest)))
}

/// Whether the password matches the stored hash. Where there is none, or none that anybody could have set
/// here, it does not.
///
/// It takes as long as one hash of cost `level`, whatever there is to compare with: a hash of cost `c`, and
/// after it one of each cost from `c` to `level - 1`, are together as much work. Without a hash it is the
/// dummy that is compared. Only a hash of a cost above `level` takes longer.
pub(super) fn compare(
    password: &Password,
    hash: Option<&PasswordHash>,
    dummy: &PasswordHash,
    level: u32,
) -> bool {
    let stored = hash.and_then(|hash| comparable(hash, level)).filter(|stored| stored.can_match(password));
    let is_somebodys = stored.is_some();
    let Some(compared) = stored.or_else(|| Stored::parse(dummy.expose())) else { return false };
    let key = compared.key(password);
    let matches = bcrypt::verify(&*key, &compared.bcrypt()).unwrap_or(false);
    for cost in compared.cost..level {
        // The optimiser must not find out that nobody looks at it.
        std::hint::black_box(bcrypt::hash_with_salt(&*key, cost, [0; 16]).ok());
    }
    matches && is_somebodys
}

fn comparable(hash: &PasswordHash, level: u32) -> Option<Stored<'_>> {
    let Some(stored) = Stored::parse(hash.expose()) else {
        log::warn!("a stored password hash is malformed; it matches nothing");
        return None;
    };
    if !(MIN_COST..=cost_limit(level)).contains(&stored.cost) {
        log::warn!("a stored password hash has a cost of {}; it matches nothing", stored.cost);
        return None;
    }
    Some(stored)
}

/// The greatest cost of a stored hash that a server of this cost compares.
pub(super) const fn cost_limit(own_cost: u32) -> u32 {
    if own_cost + COST_MARGIN > MAX_COST { own_cost + COST_MARGIN } else { MAX_COST }
}

/// Whether a hash that a password has just matched is not of today's form or cost.
pub(super) fn is_outdated(password: &Password, hash: &PasswordHash, own_cost: u32) -> bool {
    Stored::parse(hash.expose()).is_some_and(|stored| {
        let (form, cost) = stored.successor(password, own_cost);
        stored.variant != "2b" || stored.form != form || stored.cost != cost
    })
}

/// Hashes anew a password that has just matched an outdated hash.
pub(super) fn renew(
    password: &Password,
    outdated: &PasswordHash,
    own_cost: u32,
    random: &Random,
) -> Result<PasswordHash, PasswordError> {
    let stored = Stored::parse(outdated.expose()).ok_or(PasswordError::Bcrypt)?;
    match stored.successor(password, own_cost) {
        (Form::Bcrypt, cost) => bare_bcrypt(password, cost, random),
        (Form::Sha256V1 | Form::Sha256V2, cost) => hash_with_salt(password, cost, random.bytes()?),
    }
}

#[cfg(test)]
mod tests;
