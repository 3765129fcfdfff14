//! The secrets that must be read back, all of them at once: so that they are wrapped by one key, or
//! none is wrapped.

use actix::Message;
use rusqlite::Connection;

use super::{Access, DbError, DbMessage, scrub::request_scrub};
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
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Connection) -> Result<Vec<SecretRow>, DbError> {
        find_secret_rows(db)
    }
}

pub(super) fn find_secret_rows(db: &Connection) -> Result<Vec<SecretRow>, DbError> {
    let mut keys = db.prepare_cached("SELECT kid, algorithm, private_key FROM signing_keys ORDER BY kid")?;
    let keys = keys.query_map([], |row| {
        let location = SecretLocation::SigningKey { kid: row.get(0)?, algorithm: row.get(1)? };
        Ok(SecretRow { location, secret: row.get(2)? })
    })?;
    let mut secrets = db.prepare_cached("SELECT name, value FROM secrets ORDER BY name")?;
    let secrets = secrets.query_map([], |row| {
        Ok(SecretRow { location: SecretLocation::Secret { name: row.get(0)? }, secret: row.get(1)? })
    })?;
    Ok(keys.chain(secrets).collect::<Result<_, _>>()?)
}

/// Refuses a secret that is stored otherwise than those that are there, but for the one that is about to
/// be deleted.
pub(super) fn check_same_wrapping(
    db: &Connection,
    new: &StoredSecret,
    deleted: Option<&SecretLocation>,
) -> Result<Result<(), StoredOtherwise>, DbError> {
    let given = new.wrapped_by();
    let found = find_secret_rows(db)?.into_iter().filter(|row| Some(&row.location) != deleted);
    let found = found.map(|row| row.secret.wrapped_by());
    Ok(found
        .filter(|found| *found != given)
        .map(|found| Err(StoredOtherwise { found, given }))
        .next()
        .unwrap_or(Ok(())))
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
/// than these are there by now. Where one stood in the clear, [`super::DbFile::scrub_if_due`] is due.
#[derive(Debug, Message)]
#[rtype(result = "Result<bool, DbError>")]
pub struct ReplaceSecretRows {
    /// All of them, those that stay as they are among them.
    pub rows: Vec<Rewrapped>,
}

impl DbMessage for ReplaceSecretRows {
    type Answer = bool;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<bool, DbError> {
        let found = find_secret_rows(db)?;
        let is_as_known = found.len() == self.rows.len()
            && self.rows.iter().all(|row| {
                found.iter().any(|found| found.location == row.location && found.secret == row.before)
            });
        if !is_as_known {
            return Ok(false);
        }
        let is_hidden =
            |row: &Rewrapped| row.before.wrapped_by().is_none() && row.after.wrapped_by().is_some();
        if self.rows.iter().any(is_hidden) {
            request_scrub(db)?;
        }
        for row in &self.rows {
            match &row.location {
                SecretLocation::SigningKey { kid, .. } => db
                    .prepare_cached("UPDATE signing_keys SET private_key = ?1 WHERE kid = ?2")?
                    .execute((&row.after, kid))?,
                SecretLocation::Secret { name } => db
                    .prepare_cached("UPDATE secrets SET value = ?1 WHERE name = ?2")?
                    .execute((&row.after, name))?,
            };
        }
        Ok(true)
    }
}
