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
/// Two servers on one file may both find that it is time to rotate; one key is enough. A key that is
/// stored otherwise than the secrets that are there is refused.
#[derive(Debug)]
pub struct InsertKey {
    /// The new key.
    pub key: KeyRow,
    /// The newest key that the sender knew of; `None` where it knew of none.
    pub newest: Option<String>,
}

impl DbMessage for InsertKey {
    type Answer = Result<KeySet, StoredOtherwise>;
}

/// Deletes a key, whatever it has signed. Where it is the one that signs now, its successor signs.
#[derive(Debug)]
pub struct RevokeKey {
    /// The key.
    pub kid: String,
    /// A fresh key that signs from now on, for where one is needed.
    pub successor: KeyRow,
}

impl DbMessage for RevokeKey {
    type Answer = Result<Revocation, StoredOtherwise>;
}

/// Deletes keys by name and says how many there were.
#[derive(Debug)]
pub struct PurgeKeys {
    /// Keys of which every token has expired.
    pub kids: Vec<String>,
}

impl DbMessage for PurgeKeys {
    type Answer = usize;
}
