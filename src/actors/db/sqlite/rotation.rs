//! Refreshing: reads a session's row, lets [`RefreshChain`] decide, and writes what it decided.

use rusqlite::{Connection, OptionalExtension, Row, types::FromSqlError};

use super::{
    Access, Run,
    columns::{user, user_columns},
};
use crate::{
    actors::db::{DbError, RotateSession, RotateSessions, Rotation},
    domain::{EarlierUses, EndReason, Presentation, RefreshChain, Scope, SessionId, Timestamp, User},
};

struct SessionRow {
    user: User,
    scope: Scope,
    chain: RefreshChain,
    created_at: Timestamp,
    last_used_at: Timestamp,
    earlier_uses: EarlierUses,
    expires_at: Timestamp,
    end_reason: Option<EndReason>,
}

impl Run for RotateSessions {
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Self::Answer, DbError> {
        let mut answers = Vec::with_capacity(self.rotations.len());
        for rotation in self.rotations {
            // Each changes its row by one statement, so one that fails has changed nothing.
            let answer = rotation.rotate(db);
            if let Err(error) = &answer
                && db.is_autocommit()
            {
                // SQLite has given up the whole transaction. What came before is undone, and what
                // comes after would be committed by itself.
                return Err(error.clone());
            }
            answers.push(answer);
        }
        Ok(answers)
    }
}

impl RotateSession {
    fn rotate(self, db: &Connection) -> Result<Rotation, DbError> {
        let Some(found) = find(db, self.id)? else {
            return Ok(Rotation::Unknown);
        };
        if let Some(reason) = found.end_reason {
            return Ok(Rotation::Ended(reason));
        }
        if found.expires_at <= self.now {
            return Ok(Rotation::Ended(EndReason::Expired));
        }
        if found.user.disabled {
            return Ok(Rotation::Unknown);
        }
        // A clock that went back must not make the session look older than it is, nor end the grace
        // when it is put right.
        let used_at = self.now.max(found.last_used_at);
        let expires_at = self.rules.expires_at(found.created_at, used_at);
        if expires_at <= self.now {
            // The session was opened when sessions could become older.
            self.end(db, EndReason::Expired)?;
            return Ok(Rotation::Ended(EndReason::Expired));
        }
        // Whether the secret was stolen is decided before the scope is looked at, so that a thief
        // cannot test a token by asking for a scope that will be refused.
        let presentation = found.chain.judge(self.presented, self.from, self.now, self.rules.refresh_grace);
        // Somebody who was an administrator when they logged in may be none now.
        let scope = found.scope.intersection(Scope::of(found.user.role)).narrow(self.requested);
        match (presentation, scope) {
            (Presentation::Theft(theft), _) => {
                self.end(db, EndReason::RefreshTokenReused)?;
                Ok(Rotation::Reused { user: found.user, theft })
            }
            (Presentation::Replay { derivations, elsewhere }, scope) => Ok(Rotation::Replayed {
                user: found.user,
                scope,
                authenticated_at: found.created_at,
                expires_at: found.expires_at,
                derivations,
                elsewhere,
            }),
            (Presentation::Current, Err(error)) => Ok(Rotation::InvalidScope(error)),
            (Presentation::Current, Ok(scope)) => {
                let authenticated_at = found.created_at;
                let user = self.replace(db, found, used_at, expires_at)?;
                Ok(Rotation::Rotated { user, scope, authenticated_at, expires_at })
            }
        }
    }

    /// Makes the successor current.
    fn replace(
        &self,
        db: &Connection,
        found: SessionRow,
        used_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<User, DbError> {
        let grace = self.rules.refresh_grace;
        let chain = found.chain.replace_current(self.successor, self.derivation, self.from, used_at, grace);
        let EarlierUses([before, before_that]) =
            found.earlier_uses.followed_by(found.last_used_at, used_at, &self.rules);
        db.prepare_cached(
            "UPDATE sessions SET refresh_hash = ?2, refresh_version = ?3, spent = x'', replaced = ?4,
                 last_used_at = ?5, used_before = ?6, used_before_that = ?7, expires_at = ?8
             WHERE id = ?1",
        )?
        .execute((
            self.id,
            chain.current(),
            self.derivation.version,
            chain.write_replaced(),
            used_at,
            before,
            before_that,
            expires_at,
        ))?;
        Ok(found.user)
    }

    fn end(&self, db: &Connection, reason: EndReason) -> Result<(), DbError> {
        db.prepare_cached("UPDATE sessions SET ended_at = ?2, end_reason = ?3 WHERE id = ?1")?
            .execute((self.id, self.now, reason))?;
        Ok(())
    }
}

fn find(db: &Connection, id: SessionId) -> Result<Option<SessionRow>, DbError> {
    let sql = concat!(
        "SELECT s.refresh_hash, s.spent, s.replaced, s.scope, s.created_at, s.last_used_at, s.used_before,
                s.used_before_that, s.expires_at, s.end_reason, ",
        user_columns!(),
        " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ?1"
    );
    let found = db
        .prepare_cached(sql)?
        .query_row([id], |row| {
            Ok(SessionRow {
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
