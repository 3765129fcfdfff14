//! The SQL of sessions: opening, finding, listing and ending them.

use rusqlite::{OptionalExtension, named_params};

use super::{
    Access, Run, Tx,
    columns::{session, session_columns, user, user_columns},
    purge::delete_unseen_sessions,
};
use crate::{
    actors::db::{
        DbError, EndSession, EndUserSessions, FindActiveUsers, ListSessions, OpenSession, SessionLookup,
    },
    domain::{EndReason, Session, SessionId, UnendedSession, UserId, surplus_sessions},
};

impl Run for OpenSession {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<Option<SessionId>, DbError> {
        let origin = &tx.context.origin;
        let opened = tx
            .prepare_cached(
                "INSERT INTO sessions (user_id, refresh_hash, refresh_version, scope, created_at,
                                       last_used_at, expires_at, user_agent, ip)
                 SELECT id, :refresh_hash, :refresh_version, :scope, :now, :now, :expires_at, :user_agent, :ip
                 FROM users WHERE id = :user AND disabled = 0 AND password_version = :expected",
            )?
            .execute(named_params! {
                ":user": self.user_id,
                ":expected": self.expected,
                ":refresh_hash": self.refresh_hash,
                ":refresh_version": self.refresh_version,
                ":scope": self.scope,
                ":now": tx.now(),
                ":expires_at": self.expires_at,
                ":user_agent": origin.user_agent.as_deref(),
                ":ip": origin.ip.map(|ip| ip.to_string()),
            })?;
        if opened == 0 {
            return Ok(None);
        }
        let id = SessionId(tx.last_insert_rowid());
        end_surplus_sessions(tx, self.user_id, id)?;
        delete_unseen_sessions(tx, self.user_id)?;
        Ok(Some(id))
    }
}

/// Ends a user's [surplus sessions](surplus_sessions).
///
/// An account may have any number of sessions from before there was a limit. To bound the work of one login,
/// only the oldest are looked at, twice as many as may be alive, and each login ends some of them.
fn end_surplus_sessions(tx: &Tx<'_>, user_id: UserId, new: SessionId) -> Result<(), DbError> {
    let examined = i64::try_from(2 * Session::MAX_LIVE).unwrap_or(i64::MAX);
    let mut statement = tx.prepare_cached(
        "SELECT last_used_at, id, expires_at FROM sessions
         WHERE user_id = ?1 AND ended_at IS NULL ORDER BY id LIMIT ?2",
    )?;
    let found = statement.query_map((user_id, examined), |row| {
        Ok(UnendedSession {
            last_used_at: row.get("last_used_at")?,
            id: row.get("id")?,
            expires_at: row.get("expires_at")?,
        })
    })?;
    let surplus = surplus_sessions(found.collect::<Result<_, _>>()?, new, tx.now());
    let mut end = tx.prepare_cached("UPDATE sessions SET ended_at = ?2, end_reason = ?3 WHERE id = ?1")?;
    for session in surplus {
        end.execute((session.id, tx.now(), EndReason::TooManySessions))?;
    }
    Ok(())
}

impl Run for FindActiveUsers {
    const ACCESS: Access = Access::Read;

    fn run(self, tx: &Tx<'_>) -> Result<Self::Answer, DbError> {
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            " FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = ?1 AND s.user_id = ?2 AND s.ended_at IS NULL AND s.expires_at > ?3
               AND u.disabled = 0"
        );
        // One transaction for all of them, so that SQLite takes its locks once. A batch has already opened
        // one.
        let transaction = tx.is_autocommit().then(|| tx.unchecked_transaction()).transpose()?;
        let mut statement = tx.prepare_cached(sql)?;
        let find = |key: &SessionLookup| {
            let found =
                statement.query_row((key.session_id, key.user_id, tx.now()), |row| user(row, 0)).optional();
            found.map_err(DbError::from)
        };
        let found = self.keys.iter().map(find).collect();
        drop(statement);
        transaction.map(rusqlite::Transaction::commit).transpose()?;
        Ok(found)
    }
}

impl Run for ListSessions {
    const ACCESS: Access = Access::Read;

    fn run(self, tx: &Tx<'_>) -> Result<Vec<Session>, DbError> {
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
        let mut statement = tx.prepare_cached(sql)?;
        let rows = statement.query_map((self.user_id, tx.now(), Self::MAX_SESSIONS), session)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Run for EndSession {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<bool, DbError> {
        let ended = tx
            .prepare_cached(
                "UPDATE sessions SET ended_at = ?3, end_reason = ?4
                 WHERE id = ?1 AND (?2 IS NULL OR user_id = ?2) AND ended_at IS NULL",
            )?
            .execute((self.id, self.owner, tx.now(), self.reason))?;
        Ok(ended > 0)
    }
}

impl Run for EndUserSessions {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<Option<usize>, DbError> {
        if !tx.prepare_cached("SELECT 1 FROM users WHERE id = ?1")?.exists([self.user_id])? {
            return Ok(None);
        }
        end_sessions_of(tx, self.user_id, self.except, self.reason).map(Some)
    }
}

pub(super) fn end_sessions_of(
    tx: &Tx<'_>,
    user_id: UserId,
    except: Option<SessionId>,
    reason: EndReason,
) -> Result<usize, DbError> {
    Ok(tx
        .prepare_cached(
            "UPDATE sessions SET ended_at = ?3, end_reason = ?4
             WHERE user_id = ?1 AND ended_at IS NULL AND id IS NOT ?2",
        )?
        .execute((user_id, except, tx.now(), reason))?)
}
