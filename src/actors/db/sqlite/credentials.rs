//! The SQL of names, passwords and the cost of their hashes.

use rusqlite::OptionalExtension;

use super::{
    Access, Run, Tx,
    columns::{user, user_columns},
    sessions::end_sessions_of,
};
use crate::{
    actors::db::{
        Credentials, DbError, FindCredentials, FindHighestCost, LoginIdentifier, RenewHash, ReplacePassword,
        SetPassword,
    },
    domain::{EndReason, SessionId},
};

impl Run for FindCredentials {
    const ACCESS: Access = Access::Read;

    fn run(self, tx: &Tx<'_>) -> Result<Self::Answer, DbError> {
        const SELECT: &str =
            concat!("SELECT u.password_hash, u.password_version, ", user_columns!(), " FROM users u");
        let credentials = |row: &rusqlite::Row<'_>| {
            Ok(Credentials {
                user: user(row, 2)?,
                password_hash: row.get("password_hash")?,
                password_version: row.get("password_version")?,
            })
        };
        let find = |sql: &str, value: &dyn rusqlite::ToSql| {
            tx.prepare_cached(sql)?.query_row([value], credentials).optional()
        };
        Ok(match self.identifier {
            LoginIdentifier::Id(id) => find(&format!("{SELECT} WHERE u.id = ?1"), &id)?,
            LoginIdentifier::Name(name) => {
                let key = name.to_lowercase();
                match find(&format!("{SELECT} WHERE u.username_key = ?1"), &key)? {
                    Some(found) => Some(found),
                    None => find(&format!("{SELECT} WHERE u.email_key = ?1"), &key)?,
                }
            }
        })
    }
}

impl Run for SetPassword {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<bool, DbError> {
        let changed = tx
            .prepare_cached(
                "UPDATE users SET password_hash = ?2, password_version = password_version + 1
                 WHERE id = ?1 AND (?3 IS NULL OR password_version = ?3)",
            )?
            .execute((self.id, self.password_hash, self.expected))?;
        if changed == 0 {
            return Ok(false);
        }
        end_sessions_of(tx, self.id, self.keep, EndReason::PasswordChanged)?;
        Ok(true)
    }
}

impl Run for ReplacePassword {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<Option<SessionId>, DbError> {
        let (id, expected) = (self.open.user_id, self.open.expected);
        let Some(session_id) = self.open.run(tx)? else { return Ok(None) };
        let set = SetPassword {
            id,
            expected: Some(expected),
            password_hash: self.password_hash,
            keep: Some(session_id),
        };
        Ok(set.run(tx)?.then_some(session_id))
    }
}

impl Run for RenewHash {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<bool, DbError> {
        // Salts are random, so this text cannot be the hash of another password that was set meanwhile.
        let renewed = tx
            .prepare_cached("UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2")?
            .execute((self.id, self.outdated, self.renewed))?;
        Ok(renewed > 0)
    }
}

impl Run for FindHighestCost {
    const ACCESS: Access = Access::Read;

    fn run(self, tx: &Tx<'_>) -> Result<Option<u32>, DbError> {
        Ok(tx
            .prepare_cached("SELECT max(password_cost) FROM users WHERE password_cost <= ?1")?
            .query_one([self.at_most], |row| row.get(0))?)
    }
}
