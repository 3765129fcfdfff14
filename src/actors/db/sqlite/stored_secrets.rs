//! The SQL of all stored secrets together, which are wrapped by one key or not at all.

use rusqlite::Connection;

use super::{Access, Run, Tx, scrub::request_scrub};
use crate::{
    actors::db::{DbError, FindSecretRows, ReplaceSecretRows},
    domain::{Rewrapped, SecretLocation, SecretRow},
};

impl Run for FindSecretRows {
    const ACCESS: Access = Access::Read;

    fn run(self, tx: &Tx<'_>) -> Result<Vec<SecretRow>, DbError> {
        find_secret_rows(tx)
    }
}

pub(super) fn find_secret_rows(db: &Connection) -> Result<Vec<SecretRow>, DbError> {
    let mut keys = db.prepare_cached("SELECT kid, algorithm, private_key FROM signing_keys ORDER BY kid")?;
    let keys = keys.query_map([], |row| {
        let location = SecretLocation::SigningKey { kid: row.get("kid")?, algorithm: row.get("algorithm")? };
        Ok(SecretRow { location, secret: row.get("private_key")? })
    })?;
    let mut secrets = db.prepare_cached("SELECT name, value FROM secrets ORDER BY name")?;
    let secrets = secrets.query_map([], |row| {
        Ok(SecretRow {
            location: SecretLocation::Secret { name: row.get("name")? },
            secret: row.get("value")?,
        })
    })?;
    Ok(keys.chain(secrets).collect::<Result<_, _>>()?)
}

impl Run for ReplaceSecretRows {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<bool, DbError> {
        if !Rewrapped::are_all_of(&self.rows, &find_secret_rows(tx)?) {
            return Ok(false);
        }
        if self.rows.iter().any(Rewrapped::is_encrypted_now) {
            request_scrub(tx)?;
        }
        for row in &self.rows {
            match &row.location {
                SecretLocation::SigningKey { kid, .. } => tx
                    .prepare_cached("UPDATE signing_keys SET private_key = ?1 WHERE kid = ?2")?
                    .execute((&row.after, kid))?,
                SecretLocation::Secret { name } => tx
                    .prepare_cached("UPDATE secrets SET value = ?1 WHERE name = ?2")?
                    .execute((&row.after, name))?,
            };
        }
        Ok(true)
    }
}
