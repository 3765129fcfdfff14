//! The versions of the installation's secret that refresh tokens are made with.

use std::collections::BTreeSet;

use actix::Message;
use rusqlite::{Connection, Row, types::FromSqlError};

use super::{
    Access, DbError, DbMessage,
    keys::{KeySet, find_keys},
    stored_secrets::{StoredOtherwise, check_same_wrapping},
};
use crate::domain::{SecretLocation, SessionId, StoredSecret, Timestamp};

/// A version of the secret as it is stored.
#[derive(Debug, Clone)]
pub struct RefreshSecretRow {
    /// What tokens call it.
    pub version: u8,
    /// The secret, as it is stored at [`RefreshSecretRow::location`].
    pub value: StoredSecret,
    /// From when on it makes new tokens.
    pub used_from: Timestamp,
}

impl RefreshSecretRow {
    /// Where the secret stands.
    #[must_use]
    pub fn location(&self) -> SecretLocation {
        Self::location_of(self.version)
    }

    /// Where the secret of a version stands.
    #[must_use]
    pub fn location_of(version: u8) -> SecretLocation {
        SecretLocation::Secret { name: name_of(version) }
    }
}

/// The name that a version has among the secrets. The first had it when there were no versions.
fn name_of(version: u8) -> String {
    if version == 0 { "refresh".to_owned() } else { format!("refresh.{version}") }
}

fn version_of(name: &str) -> Option<u8> {
    if name == "refresh" { Some(0) } else { name.strip_prefix("refresh.")?.parse().ok() }
}

/// Finds all versions, in the order in which they begin to make new tokens.
pub(super) fn find_refresh_secrets(db: &Connection) -> Result<Vec<RefreshSecretRow>, DbError> {
    let mut statement = db.prepare_cached(
        "SELECT name, value, used_from FROM secrets
         WHERE name = 'refresh' OR (name > 'refresh.' AND name < 'refresh/')",
    )?;
    let read = |row: &Row<'_>| {
        let name: String = row.get(0)?;
        let version = version_of(&name).ok_or(FromSqlError::InvalidType)?;
        Ok(RefreshSecretRow { version, value: row.get(1)?, used_from: row.get(2)? })
    };
    let mut secrets = statement.query_map([], read)?.collect::<Result<Vec<_>, _>>()?;
    secrets.sort_unstable_by_key(|secret| (secret.used_from, secret.version));
    Ok(secrets)
}

/// Adds a version, unless another process has added one since `newest` was the newest. One that is stored
/// otherwise than the secrets that are there is refused.
#[derive(Debug, Message)]
#[rtype(result = "Result<Result<KeySet, StoredOtherwise>, DbError>")]
pub struct InsertRefreshSecret {
    /// The new version.
    pub secret: RefreshSecretRow,
    /// The newest that the sender knew of; `None` where it knew of none.
    pub newest: Option<u8>,
}

impl DbMessage for InsertRefreshSecret {
    type Answer = Result<KeySet, StoredOtherwise>;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Self::Answer, DbError> {
        let newest = find_refresh_secrets(db)?.pop().map(|secret| secret.version);
        if newest == self.newest {
            if let Err(refused) = check_same_wrapping(db, &self.secret.value, None)? {
                return Ok(Err(refused));
            }
            let RefreshSecretRow { version, value, used_from } = &self.secret;
            db.prepare_cached("INSERT INTO secrets (name, value, used_from) VALUES (?1, ?2, ?3)")?
                .execute((name_of(*version), value, used_from))?;
        }
        find_keys(db).map(Ok)
    }
}

/// Deletes versions and says how many there were.
#[derive(Debug, Message)]
#[rtype(result = "Result<usize, DbError>")]
pub struct PurgeRefreshSecrets {
    /// Versions that no live session's token is made with.
    pub versions: Vec<u8>,
}

impl DbMessage for PurgeRefreshSecrets {
    type Answer = usize;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<usize, DbError> {
        let mut statement = db.prepare_cached("DELETE FROM secrets WHERE name = ?1")?;
        let mut deleted = 0;
        for version in self.versions {
            deleted += statement.execute([name_of(version)])?;
        }
        Ok(deleted)
    }
}

/// Finds with which versions the current tokens of a range of live sessions are made.
#[derive(Debug, Message)]
#[rtype(result = "Result<BTreeSet<u8>, DbError>")]
pub struct FindRefreshVersions {
    /// The sessions after this number.
    pub after: SessionId,
    /// And up to this one.
    pub last: SessionId,
    /// Now.
    pub now: Timestamp,
}

impl DbMessage for FindRefreshVersions {
    type Answer = BTreeSet<u8>;
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Connection) -> Result<BTreeSet<u8>, DbError> {
        let mut statement = db.prepare_cached(
            "SELECT refresh_version FROM sessions
             WHERE id > ?1 AND id <= ?2 AND ended_at IS NULL AND expires_at > ?3",
        )?;
        let rows = statement.query_map((self.after, self.last, self.now), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
