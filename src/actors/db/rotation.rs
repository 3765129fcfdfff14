//! Refresh token rotation: one message, one transaction.
//!
//! A session has one current refresh secret, of which only the hash is stored. The successor of
//! a secret is derived from it with a key of the server's and a random salt, which the row keeps
//! beside the replaced secret's hash until the grace is over. So a client that presents a secret
//! again within the grace can be given the same successor without its being stored. After the
//! grace the salt is gone, and the successor cannot be derived any more. [`RefreshChain`] decides what a presented secret is.

use actix::Message;
use rusqlite::{Connection, OptionalExtension, Row, types::FromSqlError};

use super::{
    Access, CoalescedMessage, DbError, DbMessage,
    columns::{user, user_columns},
};
use crate::domain::{
    Derivation, EarlierUses, EndReason, InvalidScope, OriginFingerprint, Presentation, RefreshChain, Scope,
    SecretHash, SessionId, SessionRules, Theft, Timestamp, User,
};

/// Exchanges a refresh secret for its successor.
#[derive(Debug)]
pub struct RotateSession {
    /// The session that the token names.
    pub id: SessionId,
    /// The presented secret's hash.
    pub presented: SecretHash,
    /// Where the request came from.
    pub from: OriginFingerprint,
    /// The hash of the secret that becomes current if the presented one is.
    pub successor: SecretHash,
    /// How that was derived from the presented one.
    pub derivation: Derivation,
    /// What the new access token shall be able to do; empty for all that the session may.
    pub requested: Scope,
    /// How long the session lives, and how long a replaced secret may be presented again.
    pub rules: SessionRules,
    /// Now.
    pub now: Timestamp,
}

/// What became of a presented refresh secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// It was current; its successor is now.
    Rotated {
        /// Whose session it is.
        user: User,
        /// What the new access token may do.
        scope: Scope,
        /// When the session was opened, which is when the password was verified.
        authenticated_at: Timestamp,
        /// When the session ends unless it is used before.
        expires_at: Timestamp,
    },
    /// It was replaced a moment ago: a retry, or a second tab. Nothing has changed.
    Replayed {
        /// Whose session it is.
        user: User,
        /// What the new access token may do; an error where more was asked for than the session may.
        scope: Result<Scope, InvalidScope>,
        /// When the session was opened, which is when the password was verified.
        authenticated_at: Timestamp,
        /// When the session ends unless it is used before.
        expires_at: Timestamp,
        /// The derivations that lead from it to the current secret, the first first; at least one.
        derivations: Vec<Derivation>,
        /// Whether it is known to have come from another network than the request that replaced it.
        elsewhere: bool,
    },
    /// It was stolen. The session has ended.
    Reused {
        /// Whose session it was.
        user: User,
        /// What gave it away.
        theft: Theft,
    },
    /// It was current, and more was asked for than the session may; nothing has changed.
    InvalidScope(InvalidScope),
    /// The session had ended before.
    Ended(EndReason),
    /// There is no such session, or its user is disabled.
    Unknown,
}

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

/// Exchanges refresh secrets of many callers, one after the other, in one transaction.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Result<Rotation, DbError>>, DbError>")]
pub struct RotateSessions {
    /// Whose; the answers stand in the same order.
    pub rotations: Vec<RotateSession>,
}

impl CoalescedMessage for RotateSessions {
    type Entry = RotateSession;
    type EntryAnswer = Rotation;

    fn from_entries(rotations: Vec<RotateSession>) -> Self {
        Self { rotations }
    }
}

impl DbMessage for RotateSessions {
    type Answer = Vec<Result<Rotation, DbError>>;
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
        "SELECT ",
        user_columns!(),
        ", s.scope, s.refresh_hash, s.spent, s.replaced, s.created_at, s.last_used_at, s.used_before,
         s.used_before_that, s.expires_at, s.end_reason
         FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ?1"
    );
    let found = db
        .prepare_cached(sql)?
        .query_row([id], |row| {
            Ok(SessionRow {
                user: user(row)?,
                scope: row.get(6)?,
                chain: chain(row)?,
                created_at: row.get(10)?,
                last_used_at: row.get(11)?,
                earlier_uses: EarlierUses([row.get(12)?, row.get(13)?]),
                expires_at: row.get(14)?,
                end_reason: row.get(15)?,
            })
        })
        .optional()?;
    Ok(found)
}

fn chain(row: &Row<'_>) -> rusqlite::Result<RefreshChain> {
    let (spent, replaced) = (row.get_ref(8)?.as_blob()?, row.get_ref(9)?.as_blob()?);
    let chain = RefreshChain::read(row.get(7)?, spent, replaced);
    Ok(chain.map_err(|error| FromSqlError::Other(error.into()))?)
}
