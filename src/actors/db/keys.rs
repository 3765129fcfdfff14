//! Signing keys.

use std::fmt;

use actix::Message;

use super::{DbError, DbMessage, RefreshSecretRow, StoredOtherwise};
use crate::domain::{Algorithm, SecretLocation, StoredSecret, Timestamp};

/// A signing key as it is stored.
#[derive(Clone)]
pub struct KeyRow {
    /// Its name in tokens and in the JWKS.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// PKCS #8 (DER), or the bare secret for HS256, as it is stored at [`KeyRow::location`].
    pub private_key: StoredSecret,
    /// When the JWKS began to show it.
    pub announced_at: Timestamp,
    /// When it begins to sign.
    pub signs_from: Timestamp,
}

impl fmt::Debug for KeyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRow").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl KeyRow {
    /// Where its private key stands.
    #[must_use]
    pub fn location(&self) -> SecretLocation {
        SecretLocation::SigningKey { kid: self.kid.clone(), algorithm: self.algorithm }
    }
}

/// All that tokens are made with.
#[derive(Debug, Clone)]
pub struct KeySet {
    /// The signing keys, the oldest first: of those that may sign, the last does.
    pub keys: Vec<KeyRow>,
    /// The versions of the secret of refresh tokens, in the order in which they begin to make new ones.
    pub refresh_secrets: Vec<RefreshSecretRow>,
}

impl KeySet {
    /// Whether the other set holds the same signing keys and the same refresh secrets, however they are
    /// stored.
    #[must_use]
    pub fn is_of_the_same_keys(&self, other: &Self) -> bool {
        let kids = |set: &Self| set.keys.iter().map(|key| key.kid.clone()).collect::<Vec<_>>();
        let versions = |set: &Self| {
            set.refresh_secrets.iter().map(|secret| (secret.version, secret.used_from)).collect::<Vec<_>>()
        };
        kids(self) == kids(other) && versions(self) == versions(other)
    }
}

/// Finds all signing keys and the secrets of refresh tokens.
#[derive(Debug, Message)]
#[rtype(result = "Result<KeySet, DbError>")]
pub struct FindKeys;

impl DbMessage for FindKeys {
    type Answer = KeySet;
}

/// Adds a key, unless another process has added one since `newest` was the newest.
///
/// Two servers on one file may both find that it is time to rotate; one key is enough. A key that is
/// stored otherwise than the secrets that are there is refused.
#[derive(Debug, Message)]
#[rtype(result = "Result<Result<KeySet, StoredOtherwise>, DbError>")]
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
#[derive(Debug, Message)]
#[rtype(result = "Result<Result<Revocation, StoredOtherwise>, DbError>")]
pub struct RevokeKey {
    /// The key.
    pub kid: String,
    /// A fresh key that signs from now on, for where one is needed.
    pub successor: KeyRow,
    /// Now.
    pub now: Timestamp,
}

/// What became of a key that was to be revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// There is no such key.
    Unknown,
    /// It did not sign, and is gone.
    Deleted,
    /// It signed, is gone, and its successor signs.
    Replaced,
}

impl DbMessage for RevokeKey {
    type Answer = Result<Revocation, StoredOtherwise>;
}

/// Deletes keys by name and says how many there were.
#[derive(Debug, Message)]
#[rtype(result = "Result<usize, DbError>")]
pub struct PurgeKeys {
    /// Keys of which every token has expired.
    pub kids: Vec<String>,
}

impl DbMessage for PurgeKeys {
    type Answer = usize;
}
