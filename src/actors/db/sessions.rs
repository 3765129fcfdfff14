//! Sessions: opening, finding, listing, ending and purging them.

use actix::Message;
use rusqlite::{
    Connection, OptionalExtension, ToSql, named_params,
    types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef},
};

use super::{
    Access, DbError, DbMessage, GroupMessage,
    columns::{session, session_columns, user, user_columns},
};
use crate::domain::{Client, EndReason, PasswordVersion, Scope, Session, SessionId, Timestamp, User, UserId};

/// SHA-256 of a refresh secret: all that is stored of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

impl ToSql for TokenHash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(&self.0[..]))
    }
}

impl FromSql for TokenHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(Self)
    }
}

/// Opens a session for somebody whose password was just verified.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<SessionId>, DbError>")]
pub struct OpenSession {
    /// Whose.
    pub user_id: UserId,
    /// The password that was verified. A password changed or an account disabled since then opens no
    /// session.
    pub expected: PasswordVersion,
    /// The first refresh secret's hash.
    pub refresh_hash: TokenHash,
    /// What its tokens may do at most.
    pub scope: Scope,
    /// Where it was opened from.
    pub client: Client,
    /// Now.
    pub now: Timestamp,
    /// When it ends unless its refresh token is used before.
    pub expires_at: Timestamp,
}

impl DbMessage for OpenSession {
    type Answer = Option<SessionId>;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Option<SessionId>, DbError> {
        let opened = db
            .prepare_cached(
                "INSERT INTO sessions (user_id, refresh_hash, scope, created_at, last_used_at,
                                       expires_at, user_agent, ip)
                 SELECT id, :refresh_hash, :scope, :now, :now, :expires_at, :user_agent, :ip
                 FROM users WHERE id = :user AND disabled = 0 AND password_version = :expected",
            )?
            .execute(named_params! {
                ":user": self.user_id,
                ":expected": self.expected,
                ":refresh_hash": self.refresh_hash,
                ":scope": self.scope,
                ":now": self.now,
                ":expires_at": self.expires_at,
                ":user_agent": self.client.user_agent,
                ":ip": self.client.ip.map(|ip| ip.to_string()),
            })?;
        if opened == 0 {
            return Ok(None);
        }
        Ok(Some(SessionId(db.last_insert_rowid())))
    }
}

/// A token's user and session: what must be alive for the token to be worth anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveKey {
    /// The token's `uid`.
    pub user_id: UserId,
    /// The token's `sid`.
    pub session_id: SessionId,
    /// Now.
    pub now: Timestamp,
}

/// Finds the users of live sessions: the one question behind every authenticated request. `None`
/// stands where the session has ended, or its user is disabled or deleted.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Result<Option<User>, DbError>>, DbError>")]
pub struct FindActiveUsers {
    /// Whose sessions; the answers stand in the same order.
    pub keys: Vec<ActiveKey>,
}

impl GroupMessage for FindActiveUsers {
    type Request = ActiveKey;
    type One = Option<User>;

    fn gather(keys: Vec<ActiveKey>) -> Self {
        Self { keys }
    }
}

impl DbMessage for FindActiveUsers {
    type Answer = Vec<Result<Option<User>, DbError>>;
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Connection) -> Result<Self::Answer, DbError> {
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            " FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = ?1 AND s.user_id = ?2 AND s.ended_at IS NULL AND s.expires_at > ?3
               AND u.disabled = 0"
        );
        // One transaction for all: SQLite takes its locks once. In a batch there is one already.
        let transaction = db.is_autocommit().then(|| db.unchecked_transaction()).transpose()?;
        let mut statement = db.prepare_cached(sql)?;
        let find = |key: &ActiveKey| {
            let found = statement.query_row((key.session_id, key.user_id, key.now), user).optional();
            found.map_err(DbError::from)
        };
        let found = self.keys.iter().map(find).collect();
        drop(statement);
        transaction.map(rusqlite::Transaction::commit).transpose()?;
        Ok(found)
    }
}

/// Lists a user's sessions, the newest first, at most [`ListSessions::LIMIT`].
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Session>, DbError>")]
pub struct ListSessions {
    /// Whose.
    pub user_id: UserId,
    /// Whether those that ended, and were not purged yet, are listed too.
    pub with_ended: bool,
    /// Now.
    pub now: Timestamp,
}

impl ListSessions {
    /// The most sessions that are listed.
    pub const LIMIT: i64 = 200;
}

impl DbMessage for ListSessions {
    type Answer = Vec<Session>;
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Connection) -> Result<Vec<Session>, DbError> {
        let sql = if self.with_ended {
            concat!(
                "SELECT ",
                session_columns!(),
                " FROM sessions WHERE user_id = ?1 AND ?2 = ?2 ORDER BY id DESC LIMIT ?3"
            )
        } else {
            concat!(
                "SELECT ",
                session_columns!(),
                " FROM sessions WHERE user_id = ?1 AND ended_at IS NULL AND expires_at > ?2
                  ORDER BY id DESC LIMIT ?3"
            )
        };
        let mut statement = db.prepare_cached(sql)?;
        let rows = statement.query_map((self.user_id, self.now, Self::LIMIT), session)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Ends one session; `false` where there is none alive of that number (and that user).
#[derive(Debug, Message)]
#[rtype(result = "Result<bool, DbError>")]
pub struct EndSession {
    /// Which.
    pub id: SessionId,
    /// Whose it must be; `None` for anybody's.
    pub owner: Option<UserId>,
    /// Why.
    pub reason: EndReason,
    /// Now.
    pub now: Timestamp,
}

impl DbMessage for EndSession {
    type Answer = bool;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<bool, DbError> {
        let ended = db
            .prepare_cached(
                "UPDATE sessions SET ended_at = ?3, end_reason = ?4
                 WHERE id = ?1 AND (?2 IS NULL OR user_id = ?2) AND ended_at IS NULL",
            )?
            .execute((self.id, self.owner, self.now, self.reason))?;
        Ok(ended > 0)
    }
}

/// Ends a user's sessions and says how many; `None` where there is no such user.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<usize>, DbError>")]
pub struct EndUserSessions {
    /// Whose.
    pub user_id: UserId,
    /// The one that goes on.
    pub except: Option<SessionId>,
    /// Why.
    pub reason: EndReason,
    /// Now.
    pub now: Timestamp,
}

impl DbMessage for EndUserSessions {
    type Answer = Option<usize>;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Option<usize>, DbError> {
        if !db.prepare_cached("SELECT 1 FROM users WHERE id = ?1")?.exists([self.user_id])? {
            return Ok(None);
        }
        end_sessions_of(db, self.user_id, self.except, self.reason, self.now).map(Some)
    }
}

pub(super) fn end_sessions_of(
    db: &Connection,
    user_id: UserId,
    except: Option<SessionId>,
    reason: EndReason,
    now: Timestamp,
) -> Result<usize, DbError> {
    Ok(db
        .prepare_cached(
            "UPDATE sessions SET ended_at = ?3, end_reason = ?4
             WHERE user_id = ?1 AND ended_at IS NULL AND id IS NOT ?2",
        )?
        .execute((user_id, except, now, reason))?)
}

/// Looks at a range of sessions by number, marks the expired and deletes those long ended.
///
/// The caller walks the table a batch at a time and begins anew at its end, so that no
/// transaction is long and no index has to follow each refresh.
#[derive(Debug, Message)]
#[rtype(result = "Result<Purged, DbError>")]
pub struct PurgeSessions {
    /// The sessions after this number.
    pub after: SessionId,
    /// How many to look at.
    pub batch: i64,
    /// Those that ended before this are deleted.
    pub ended_before: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// What a [`PurgeSessions`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purged {
    /// The last number it looked at; `None` at the end of the table.
    pub last: Option<SessionId>,
    /// How many had expired.
    pub expired: usize,
    /// How many were deleted.
    pub deleted: usize,
}

impl DbMessage for PurgeSessions {
    type Answer = Purged;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Purged, DbError> {
        let last: Option<SessionId> = db
            .prepare_cached(
                "SELECT max(id) FROM (SELECT id FROM sessions WHERE id > ?1 ORDER BY id LIMIT ?2)",
            )?
            .query_one((self.after, self.batch), |row| row.get(0))?;
        let Some(last) = last else {
            return Ok(Purged { last: None, expired: 0, deleted: 0 });
        };
        let expired = db
            .prepare_cached(
                "UPDATE sessions SET ended_at = expires_at, end_reason = ?4
                 WHERE id > ?1 AND id <= ?2 AND ended_at IS NULL AND expires_at <= ?3",
            )?
            .execute((self.after, last, self.now, EndReason::Expired))?;
        let deleted = db
            .prepare_cached("DELETE FROM sessions WHERE id > ?1 AND id <= ?2 AND ended_at < ?3")?
            .execute((self.after, last, self.ended_before))?;
        Ok(Purged { last: Some(last), expired, deleted })
    }
}
