//! Signing keys.

use std::fmt;

use actix::Message;
use rusqlite::Connection;

use super::{
    Access, DbError, DbMessage,
    refresh_secrets::{RefreshSecretRow, find_refresh_secrets},
    stored_secrets::{StoredOtherwise, check_same_wrapping},
};
use crate::domain::{Algorithm, SecretLocation, StoredSecret, Timestamp, signing_key};

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
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Connection) -> Result<KeySet, DbError> {
        find_keys(db)
    }
}

pub(super) fn find_keys(db: &Connection) -> Result<KeySet, DbError> {
    let mut statement = db.prepare_cached(
        "SELECT kid, algorithm, private_key, announced_at, signs_from
         FROM signing_keys ORDER BY announced_at, signs_from, kid",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(KeyRow {
            kid: row.get(0)?,
            algorithm: row.get(1)?,
            private_key: row.get(2)?,
            announced_at: row.get(3)?,
            signs_from: row.get(4)?,
        })
    })?;
    Ok(KeySet { keys: rows.collect::<Result<_, _>>()?, refresh_secrets: find_refresh_secrets(db)? })
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
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Self::Answer, DbError> {
        let newest = find_keys(db)?.keys.pop().map(|key| key.kid);
        if newest == self.newest {
            if let Err(refused) = check_same_wrapping(db, &self.key.private_key, None)? {
                return Ok(Err(refused));
            }
            insert_key(db, &self.key)?;
        }
        find_keys(db).map(Ok)
    }
}

fn insert_key(db: &Connection, key: &KeyRow) -> Result<(), DbError> {
    db.prepare_cached(
        "INSERT INTO signing_keys (kid, algorithm, private_key, announced_at, signs_from)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((&key.kid, key.algorithm, &key.private_key, key.announced_at, key.signs_from))?;
    Ok(())
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
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Self::Answer, DbError> {
        let keys = find_keys(db)?.keys;
        let found = keys.iter().enumerate().find(|(_, key)| key.kid == self.kid);
        let Some((index, location)) = found.map(|(index, key)| (index, key.location())) else {
            return Ok(Ok(Revocation::Unknown));
        };
        let signs = index == signing_key(keys.iter().map(|key| key.signs_from), self.now);
        if signs && let Err(refused) = check_same_wrapping(db, &self.successor.private_key, Some(&location))?
        {
            return Ok(Err(refused));
        }
        db.prepare_cached("DELETE FROM signing_keys WHERE kid = ?1")?.execute([&self.kid])?;
        if !signs {
            return Ok(Ok(Revocation::Deleted));
        }
        insert_key(db, &self.successor)?;
        Ok(Ok(Revocation::Replaced))
    }
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
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<usize, DbError> {
        let mut statement = db.prepare_cached("DELETE FROM signing_keys WHERE kid = ?1")?;
        let mut deleted = 0;
        for kid in self.kids {
            deleted += statement.execute([kid])?;
        }
        Ok(deleted)
    }
}
