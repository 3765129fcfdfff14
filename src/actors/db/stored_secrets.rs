//! The secrets that must be read back, all of them at once: so that they are wrapped by one key, or
//! none is wrapped.

use actix::Message;

use super::{DbError, DbMessage};
use crate::domain::{KeyId, SecretLocation, StoredSecret};

/// Another process has changed how the secrets in the database are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the database's secrets are {}, and this process stores them {}: another process has changed that; start this one \
     anew with the --encryption-key-file of today",
    described(*.found), described(*.given)
)]
pub struct StoredOtherwise {
    /// The key that wrapped those that are there.
    pub found: Option<KeyId>,
    /// The key that wrapped the one that was to be stored.
    pub given: Option<KeyId>,
}

fn described(key: Option<KeyId>) -> String {
    key.map_or_else(|| "in the clear".to_owned(), |id| format!("encrypted with the key {id}"))
}

/// A secret and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRow {
    /// Where.
    pub location: SecretLocation,
    /// What.
    pub secret: StoredSecret,
}

/// Finds every secret.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<SecretRow>, DbError>")]
pub struct FindSecretRows;

impl DbMessage for FindSecretRows {
    type Answer = Vec<SecretRow>;
}

/// A secret that is to be stored otherwise.
#[derive(Debug)]
pub struct Rewrapped {
    /// Where it stands.
    pub location: SecretLocation,
    /// How it was stored.
    pub before: StoredSecret,
    /// How it is to be stored.
    pub after: StoredSecret,
}

/// Stores every secret otherwise, in one transaction; `false`, and nothing is changed, where others
/// than these are there by now. Where one stood in the clear, the file is rewritten at
/// the next start.
#[derive(Debug, Message)]
#[rtype(result = "Result<bool, DbError>")]
pub struct ReplaceSecretRows {
    /// All of them, those that stay as they are among them.
    pub rows: Vec<Rewrapped>,
}

impl DbMessage for ReplaceSecretRows {
    type Answer = bool;
}
