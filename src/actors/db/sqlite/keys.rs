//! The SQL of signing keys.

use rusqlite::Connection;

use super::{Access, Run, Tx, key_set::find_keys, stored_secrets::find_secret_rows};
use crate::{
    actors::db::{DbError, FindKeys, InsertKey, PurgeKeys, RevokeKey},
    domain::{KeyRow, KeySet, Revocation, check_same_wrapping, decide_revocation},
};

impl Run for FindKeys {
    const ACCESS: Access = Access::Read;

    fn run(self, tx: &Tx<'_>) -> Result<KeySet, DbError> {
        find_keys(tx)
    }
}

impl Run for InsertKey {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<Self::Answer, DbError> {
        let newest = find_keys(tx)?.keys.pop().map(|key| key.kid);
        if newest == self.newest {
            if let Err(refused) = check_same_wrapping(&self.key.private_key, &find_secret_rows(tx)?) {
                return Ok(Err(refused));
            }
            insert_key(tx, &self.key)?;
        }
        find_keys(tx).map(Ok)
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

impl Run for RevokeKey {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<Self::Answer, DbError> {
        let (keys, secrets) = (find_keys(tx)?.keys, find_secret_rows(tx)?);
        let decided = decide_revocation(&keys, &self.kid, &self.successor, &secrets, tx.now());
        if let Ok(Revocation::Deleted | Revocation::Replaced) = decided {
            tx.prepare_cached("DELETE FROM signing_keys WHERE kid = ?1")?.execute([&self.kid])?;
        }
        if let Ok(Revocation::Replaced) = decided {
            insert_key(tx, &self.successor)?;
        }
        Ok(decided)
    }
}

impl Run for PurgeKeys {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<usize, DbError> {
        let mut statement = tx.prepare_cached("DELETE FROM signing_keys WHERE kid = ?1")?;
        let mut deleted = 0;
        for kid in self.kids {
            deleted += statement.execute([kid])?;
        }
        Ok(deleted)
    }
}
