//! Signing keys.

use super::DbMessage;
use crate::domain::{KeyRow, KeySet, Revocation, StoredOtherwise};

/// Finds all signing keys and the secrets of refresh tokens.
#[derive(Debug)]
pub struct FindKeys;

impl DbMessage for FindKeys {
    type Answer = KeySet;
}

/// Adds a key, unless another process has added one since `newest` was the newest.
///
/// Two servers on one file may both find that it is time to rotate; one key is enough. A key is refused if it
/// is not stored as the other secrets are.
#[derive(Debug)]
pub struct InsertKey {
    /// The new key.
    pub key: KeyRow,
    /// The newest key that the sender knew; `None` if it knew none.
    pub newest: Option<String>,
}

impl DbMessage for InsertKey {
    type Answer = Result<KeySet, StoredOtherwise>;
}

/// Deletes a key, whatever it has signed. If it signs now, its successor signs from now on.
#[derive(Debug)]
pub struct RevokeKey {
    /// The id of the key.
    pub kid: String,
    /// A new key, which is stored only if the deleted one signed.
    pub successor: KeyRow,
}

impl DbMessage for RevokeKey {
    type Answer = Result<Revocation, StoredOtherwise>;
}

/// Deletes keys by name and returns how many there were.
#[derive(Debug)]
pub struct PurgeKeys {
    /// The keys, of which every token has expired.
    pub kids: Vec<String>,
}

impl DbMessage for PurgeKeys {
    type Answer = usize;
}
