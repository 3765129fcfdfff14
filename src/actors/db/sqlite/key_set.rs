//! The SQL of a keyring: finding the signing keys and the versions of the refresh secret.

use rusqlite::{Connection, Row, types::FromSqlError};

use crate::{
    actors::db::DbError,
    domain::{KeyRow, KeySet, RefreshSecretRow},
};

/// Finds all keys and versions.
pub(super) fn find_keys(db: &Connection) -> Result<KeySet, DbError> {
    let mut statement = db.prepare_cached(
        "SELECT kid, algorithm, private_key, announced_at, signs_from
         FROM signing_keys ORDER BY announced_at, signs_from, kid",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(KeyRow {
            kid: row.get("kid")?,
            algorithm: row.get("algorithm")?,
            private_key: row.get("private_key")?,
            announced_at: row.get("announced_at")?,
            signs_from: row.get("signs_from")?,
        })
    })?;
    Ok(KeySet { keys: rows.collect::<Result<_, _>>()?, refresh_secrets: find_refresh_secrets(db)? })
}

/// Finds all versions, in the order in which they begin to make new tokens.
pub(super) fn find_refresh_secrets(db: &Connection) -> Result<Vec<RefreshSecretRow>, DbError> {
    let mut statement = db.prepare_cached(
        "SELECT name, value, used_from FROM secrets
         WHERE name = 'refresh' OR (name > 'refresh.' AND name < 'refresh/')",
    )?;
    let read = |row: &Row<'_>| {
        let name: String = row.get("name")?;
        let version = RefreshSecretRow::version_of(&name).ok_or(FromSqlError::InvalidType)?;
        Ok(RefreshSecretRow { version, value: row.get("value")?, used_from: row.get("used_from")? })
    };
    let mut secrets = statement.query_map([], read)?.collect::<Result<Vec<_>, _>>()?;
    secrets.sort_unstable_by_key(|secret| (secret.used_from, secret.version));
    Ok(secrets)
}
