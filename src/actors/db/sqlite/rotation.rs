//! Refreshing: reads a session's row, lets [`StoredSession::refresh`] decide, and writes what it decided.

use rusqlite::{Connection, OptionalExtension, Row, types::FromSqlError};

use super::{
    Access, Run, Tx,
    columns::{user, user_columns},
};
use crate::{
    actors::db::{DbError, RotateSession, RotateSessions},
    domain::{EarlierUses, RefreshChain, Rotation, SessionChange, SessionId, StoredSession},
};

impl Run for RotateSessions {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<Self::Answer, DbError> {
        let mut answers = Vec::with_capacity(self.rotations.len());
        for rotation in &self.rotations {
            // Each rotation changes its row by one statement, so one that fails has changed nothing.
            let answer = rotation.message.rotate(&Tx { context: &rotation.context, ..*tx });
            if let Err(error) = &answer
                && tx.is_autocommit()
            {
                // SQLite has rolled back the whole transaction. Earlier rotations are undone, and later ones
                // would be committed separately.
                return Err(error.clone());
            }
            answers.push(answer);
        }
        Ok(answers)
    }
}

impl RotateSession {
    fn rotate(&self, tx: &Tx<'_>) -> Result<Rotation, DbError> {
        let Some(session) = find(tx, self.id)? else {
            return Ok(Rotation::Unknown);
        };
        let (answer, change) = session.refresh(&self.attempt, tx.now());
        match change {
            None => {}
            Some(SessionChange::End(reason)) => {
                tx.prepare_cached("UPDATE sessions SET ended_at = ?2, end_reason = ?3 WHERE id = ?1")?
                    .execute((self.id, tx.now(), reason))?;
            }
            Some(SessionChange::Rotate { chain, used_at, earlier_uses, expires_at }) => {
                let EarlierUses([before, before_that]) = earlier_uses;
                let (current, replaced) = (chain.current(), chain.write_replaced());
                let version = self.attempt.derivation.version;
                tx.prepare_cached(
                    "UPDATE sessions SET refresh_hash = ?2, refresh_version = ?3, spent = x'', replaced = ?4,
                         last_used_at = ?5, used_before = ?6, used_before_that = ?7, expires_at = ?8
                     WHERE id = ?1",
                )?
                .execute((
                    self.id,
                    current,
                    version,
                    replaced,
                    used_at,
                    before,
                    before_that,
                    expires_at,
                ))?;
            }
        }
        Ok(answer)
    }
}

fn find(db: &Connection, id: SessionId) -> Result<Option<StoredSession>, DbError> {
    let sql = concat!(
        "SELECT s.refresh_hash, s.spent, s.replaced, s.scope, s.created_at, s.last_used_at, s.used_before,
                s.used_before_that, s.expires_at, s.end_reason, ",
        user_columns!(),
        " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ?1"
    );
    let found = db
        .prepare_cached(sql)?
        .query_row([id], |row| {
            Ok(StoredSession {
                user: user(row, 10)?,
                scope: row.get(3)?,
                chain: chain(row)?,
                created_at: row.get(4)?,
                last_used_at: row.get(5)?,
                earlier_uses: EarlierUses([row.get(6)?, row.get(7)?]),
                expires_at: row.get(8)?,
                end_reason: row.get(9)?,
            })
        })
        .optional()?;
    Ok(found)
}

fn chain(row: &Row<'_>) -> rusqlite::Result<RefreshChain> {
    let (spent, replaced) = (row.get_ref(1)?.as_blob()?, row.get_ref(2)?.as_blob()?);
    let chain = RefreshChain::read(row.get(0)?, spent, replaced);
    Ok(chain.map_err(|error| FromSqlError::Other(error.into()))?)
}
