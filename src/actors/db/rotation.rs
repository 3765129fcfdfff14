//! Refresh token rotation: one message, one transaction.
//!
//! A session has one current refresh secret, of which only the hash is stored. The successor of
//! a secret is derived from it with a key of the server's, so whoever presents a secret again
//! within the grace can be given the same successor though nobody stored it. For that the row
//! keeps the secrets replaced within the grace, each as a prefix of its hash and the time of its
//! replacement, oldest first: the position tells how many derivations lead to the current one.

use std::time::Duration;

use actix::Message;
use rusqlite::{Connection, OptionalExtension};

use super::{
    Access, DbError, DbMessage, GroupMessage, TokenHash,
    columns::{user, user_columns},
};
use crate::domain::{EndReason, InvalidScope, Scope, SessionId, Timestamp, User};

/// Exchanges a refresh secret for its successor.
#[derive(Debug, Message)]
#[rtype(result = "Result<Rotation, DbError>")]
pub struct RotateSession {
    /// The session that the token names.
    pub id: SessionId,
    /// The presented secret's hash.
    pub presented: TokenHash,
    /// The hash of the secret that is derived from it.
    pub successor: TokenHash,
    /// What the new access token shall be able to do; empty for all that the session may.
    pub requested: Scope,
    /// How long a replaced secret may be presented again.
    pub grace: Duration,
    /// How long the session lives from now on.
    pub lifetime: Duration,
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
    },
    /// It was replaced a moment ago: a retry, or a second tab.
    Replayed {
        /// Whose session it is.
        user: User,
        /// What the new access token may do.
        scope: Scope,
        /// When the session was opened, which is when the password was verified.
        authenticated_at: Timestamp,
        /// How many derivations lead from it to the current secret; at least one.
        steps: usize,
    },
    /// It was replaced longer ago than the grace. The session has ended.
    Reused {
        /// Whose session it was.
        user: User,
    },
    /// More was asked for than the session may; nothing has changed.
    InvalidScope(InvalidScope),
    /// The session had ended before.
    Ended(EndReason),
    /// There is no such session, or its user is disabled.
    Unknown,
}

struct Row {
    user: User,
    scope: Scope,
    current: TokenHash,
    spent: Spent,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    end_reason: Option<EndReason>,
    created_at: Timestamp,
}

impl DbMessage for RotateSession {
    type Answer = Rotation;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Rotation, DbError> {
        self.rotate(db)
    }
}

/// Exchanges refresh secrets of many callers, one after the other, in one transaction.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Result<Rotation, DbError>>, DbError>")]
pub struct RotateSessions {
    /// Whose; the answers stand in the same order.
    pub rotations: Vec<RotateSession>,
}

impl GroupMessage for RotateSessions {
    type Request = RotateSession;
    type One = Rotation;

    fn gather(rotations: Vec<RotateSession>) -> Self {
        Self { rotations }
    }
}

impl DbMessage for RotateSessions {
    type Answer = Vec<Result<Rotation, DbError>>;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Self::Answer, DbError> {
        // Each changes its row by one statement, so one that fails has changed nothing.
        Ok(self.rotations.into_iter().map(|rotation| rotation.rotate(db)).collect())
    }
}

impl RotateSession {
    fn rotate(self, db: &Connection) -> Result<Rotation, DbError> {
        let Some(row) = find_row(db, self.id)? else {
            return Ok(Rotation::Unknown);
        };
        if let Some(reason) = row.end_reason {
            return Ok(Rotation::Ended(reason));
        }
        if row.expires_at <= self.now {
            return Ok(Rotation::Ended(EndReason::Expired));
        }
        if row.user.disabled {
            return Ok(Rotation::Unknown);
        }
        let Row { user, created_at: authenticated_at, .. } = row;
        // Somebody who was an administrator when they logged in may be none now.
        let scope = match row.scope.intersection(Scope::of(user.role)).narrow(self.requested) {
            Ok(scope) => scope,
            Err(error) => return Ok(Rotation::InvalidScope(error)),
        };
        if self.presented == row.current {
            // A clock that went back must not make the session look older than it is, nor end the
            // grace when it is put right.
            let now = self.now.max(row.last_used_at);
            let spent = row.spent.with(self.presented, now, self.grace);
            db.prepare_cached(
                "UPDATE sessions SET refresh_hash = ?2, spent = ?3, last_used_at = ?4, expires_at = ?5
                 WHERE id = ?1",
            )?
            .execute((self.id, self.successor, spent.0, now, now + self.lifetime))?;
            return Ok(Rotation::Rotated { user, scope, authenticated_at });
        }
        match row.spent.steps_to_current(self.presented, self.now, self.grace) {
            Some(steps) => Ok(Rotation::Replayed { user, scope, authenticated_at, steps }),
            None => {
                db.prepare_cached("UPDATE sessions SET ended_at = ?2, end_reason = ?3 WHERE id = ?1")?
                    .execute((self.id, self.now, EndReason::RefreshTokenReused))?;
                Ok(Rotation::Reused { user })
            }
        }
    }
}

fn find_row(db: &Connection, id: SessionId) -> Result<Option<Row>, DbError> {
    let sql = concat!(
        "SELECT ",
        user_columns!(),
        ", s.scope, s.refresh_hash, s.spent, s.last_used_at, s.expires_at, s.end_reason, s.created_at
         FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ?1"
    );
    let row = db
        .prepare_cached(sql)?
        .query_row([id], |row| {
            Ok(Row {
                user: user(row)?,
                scope: row.get(6)?,
                current: row.get(7)?,
                spent: Spent(row.get(8)?),
                last_used_at: row.get(9)?,
                expires_at: row.get(10)?,
                end_reason: row.get(11)?,
                created_at: row.get(12)?,
            })
        })
        .optional()?;
    Ok(row)
}

/// The secrets replaced within the grace, oldest first: 8 bytes of hash and 8 of milliseconds each.
#[derive(Debug, PartialEq, Eq)]
struct Spent(Vec<u8>);

impl Spent {
    const ENTRY: usize = 16;

    /// A client that rotates faster than this within one grace is not waiting for answers.
    const MOST: usize = 32;

    fn entries(&self) -> impl DoubleEndedIterator<Item = ([u8; 8], Timestamp)> {
        let (entries, _) = self.0.as_chunks::<{ Self::ENTRY }>();
        entries.iter().map(|entry| {
            let bits = u128::from_be_bytes(*entry);
            #[expect(clippy::cast_possible_truncation, reason = "the two halves of the entry")]
            let (hash, millis) = ((bits >> 64) as u64, bits as u64);
            (hash.to_be_bytes(), Timestamp::from_millis(millis.cast_signed()))
        })
    }

    fn prefix(hash: TokenHash) -> [u8; 8] {
        let mut prefix = [0; 8];
        for (byte, whole) in prefix.iter_mut().zip(hash.0) {
            *byte = whole;
        }
        prefix
    }

    fn with(&self, spent: TokenHash, now: Timestamp, grace: Duration) -> Self {
        let newest = self.entries().rev().take(Self::MOST - 1);
        let kept = newest.take_while(|(_, at)| now.since(*at) <= grace).count() * Self::ENTRY;
        let (_, kept) = self.0.split_at(self.0.len().saturating_sub(kept));
        Self([kept, &Self::prefix(spent), &now.as_millis().to_be_bytes()].concat())
    }

    fn steps_to_current(&self, presented: TokenHash, now: Timestamp, grace: Duration) -> Option<usize> {
        let prefix = Self::prefix(presented);
        self.entries()
            .rev()
            .position(|(hash, at)| hash == prefix && now.since(at) <= grace)
            .map(|newer| newer + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(10);

    fn hash(byte: u8) -> TokenHash {
        TokenHash([byte; 32])
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_spent_secret_knows_its_distance_to_the_current_one_within_the_grace() {
        let spent = Spent(Vec::new()).with(hash(1), at(100), GRACE).with(hash(2), at(104), GRACE).with(
            hash(3),
            at(108),
            GRACE,
        );

        assert_eq!(spent.steps_to_current(hash(3), at(108), GRACE), Some(1));
        assert_eq!(spent.steps_to_current(hash(1), at(110), GRACE), Some(3));
        assert_eq!(spent.steps_to_current(hash(1), at(111), GRACE), None);
        assert_eq!(spent.steps_to_current(hash(2), at(111), GRACE), Some(2));
        assert_eq!(spent.steps_to_current(hash(9), at(108), GRACE), None);
    }

    #[test]
    fn what_is_older_than_the_grace_is_not_kept() {
        let spent = Spent(Vec::new()).with(hash(1), at(100), GRACE).with(hash(2), at(111), GRACE);

        assert_eq!(spent.entries().count(), 1);
    }

    #[test]
    fn a_client_that_never_waits_cannot_grow_the_row() {
        let mut spent = Spent(Vec::new());
        for _ in 0..1000 {
            spent = spent.with(hash(1), at(100), GRACE);
        }

        assert_eq!(spent.entries().count(), Spent::MOST);
    }

    #[test]
    fn a_clock_that_goes_back_keeps_the_grace_open() {
        let spent = Spent(Vec::new()).with(hash(1), at(100), GRACE);

        assert_eq!(spent.steps_to_current(hash(1), at(50), GRACE), Some(1));
    }
}
