//! The SQL of the versions of the installation's secret from which refresh tokens are derived.

use std::collections::BTreeSet;

use super::{
    Access, Run, Tx,
    key_set::{find_keys, find_refresh_secrets},
    stored_secrets::find_secret_rows,
};
use crate::{
    actors::db::{DbError, FindRefreshVersions, InsertRefreshSecret, PurgeRefreshSecrets},
    domain::{RefreshSecretRow, check_same_wrapping},
};

impl Run for InsertRefreshSecret {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<Self::Answer, DbError> {
        let newest = find_refresh_secrets(tx)?.pop().map(|secret| secret.version);
        if newest == self.newest {
            if let Err(refused) = check_same_wrapping(&self.secret.value, &find_secret_rows(tx)?) {
                return Ok(Err(refused));
            }
            let RefreshSecretRow { version, value, used_from } = &self.secret;
            tx.prepare_cached("INSERT INTO secrets (name, value, used_from) VALUES (?1, ?2, ?3)")?
                .execute((RefreshSecretRow::name_of(*version), value, used_from))?;
        }
        find_keys(tx).map(Ok)
    }
}

impl Run for PurgeRefreshSecrets {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<usize, DbError> {
        let mut statement = tx.prepare_cached("DELETE FROM secrets WHERE name = ?1")?;
        let mut deleted = 0;
        for version in self.versions {
            deleted += statement.execute([RefreshSecretRow::name_of(version)])?;
        }
        Ok(deleted)
    }
}

impl Run for FindRefreshVersions {
    const ACCESS: Access = Access::Read;

    fn run(self, tx: &Tx<'_>) -> Result<BTreeSet<u8>, DbError> {
        let mut statement = tx.prepare_cached(
            "SELECT refresh_version FROM sessions
             WHERE id > ?1 AND id <= ?2 AND ended_at IS NULL AND expires_at > ?3",
        )?;
        let rows = statement.query_map((self.after, self.last, tx.now()), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
