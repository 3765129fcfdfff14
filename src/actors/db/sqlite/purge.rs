//! The SQL of purging: expired sessions, replaced refresh secrets, sessions that ended long ago.

use rusqlite::{Connection, OptionalExtension};

use super::{Access, Run, Tx};
use crate::{
    actors::db::{DbError, HasLoggedInFrom, ListSessions, PurgeSessions, Purged},
    domain::{EndReason, Session, SessionId, UserId},
};

impl Run for PurgeSessions {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<Purged, DbError> {
        let last: Option<SessionId> = tx
            .prepare_cached(
                "SELECT max(id) FROM (SELECT id FROM sessions WHERE id > ?1 ORDER BY id LIMIT ?2)",
            )?
            .query_one((self.after, self.batch), |row| row.get(0))?;
        let Some(last) = last else {
            return Ok(Purged { last: None, expired: 0, deleted: 0 });
        };
        let expired = tx
            .prepare_cached(
                "UPDATE sessions SET ended_at = expires_at, end_reason = ?4
                 WHERE id > ?1 AND id <= ?2 AND ended_at IS NULL AND expires_at <= ?3",
            )?
            .execute((self.after, last, tx.now(), EndReason::Expired))?;
        // The newest entry is as old as the last use.
        tx.prepare_cached(
            "UPDATE sessions SET spent = x'', replaced = x''
             WHERE id > ?1 AND id <= ?2 AND last_used_at < ?3 AND (replaced <> x'' OR spent <> x'')",
        )?
        .execute((self.after, last, self.replaced_before))?;
        let deleted = tx
            .prepare_cached("DELETE FROM sessions WHERE id > ?1 AND id <= ?2 AND ended_at < ?3")?
            .execute((self.after, last, self.ended_before))?;
        Ok(Purged { last: Some(last), expired, deleted })
    }
}

/// The number of an account's newest sessions that are kept after they have ended. The list of sessions shows
/// them, and the throttle reads from them whether the account has logged in from a network.
const NEWEST_KEPT: i64 = if ListSessions::MAX_SESSIONS > HasLoggedInFrom::MAX_SESSIONS {
    ListSessions::MAX_SESSIONS
} else {
    HasLoggedInFrom::MAX_SESSIONS
};

/// Deletes ended sessions of one account that no query reads any more, a few at a time. Each login, which
/// adds one session, calls it.
///
/// Without this, a client that logs in again and again fills the disk until ended sessions are purged, and
/// deleting the account, with all of its sessions in one transaction, blocks every other request.
pub(super) fn delete_unseen_sessions(db: &Connection, user_id: UserId) -> Result<(), DbError> {
    const MAX_DELETED: i64 = 10;
    let newest_unseen: Option<SessionId> = db
        .prepare_cached("SELECT id FROM sessions WHERE user_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2")?
        .query_row((user_id, NEWEST_KEPT), |row| row.get(0))
        .optional()?;
    let Some(newest_unseen) = newest_unseen else { return Ok(()) };
    // Among twice as many sessions as may be alive, some have always ended.
    let examined = i64::try_from(2 * Session::MAX_LIVE).unwrap_or(i64::MAX);
    db.prepare_cached(
        "DELETE FROM sessions WHERE id IN (
             SELECT id FROM (
                 SELECT id, ended_at FROM sessions WHERE user_id = ?1 AND id <= ?2 ORDER BY id LIMIT ?3
             ) WHERE ended_at IS NOT NULL LIMIT ?4
         )",
    )?
    .execute((user_id, newest_unseen, examined, MAX_DELETED))?;
    Ok(())
}
