//! Purging expired sessions, replaced refresh secrets, and sessions that ended long ago.

use super::DbMessage;
use crate::domain::{SessionId, Timestamp};

/// Purges a range of sessions by number: marks the expired ones, deletes the refresh secrets that were
/// replaced longer ago than the grace, and deletes sessions that ended long ago.
///
/// A rotation deletes replaced secrets too, but a session that is never refreshed again would keep its last
/// one, and with it the salt that its current secret was derived with.
///
/// The caller goes through the table in batches and begins again at its end, so that no transaction is long
/// and no refresh has to update an index.
#[derive(Debug)]
pub struct PurgeSessions {
    /// Looks at sessions with numbers above this.
    pub after: SessionId,
    /// The number of sessions to examine.
    pub batch: i64,
    /// Sessions that ended before this are deleted.
    pub ended_before: Timestamp,
    /// Of sessions that were last used before this, the replaced secrets are deleted.
    pub replaced_before: Timestamp,
}

/// The result of a [`PurgeSessions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purged {
    /// The last session that was examined; `None` at the end of the table.
    pub last: Option<SessionId>,
    /// The number of sessions that had expired.
    pub expired: usize,
    /// The number of sessions that were deleted.
    pub deleted: usize,
}

impl DbMessage for PurgeSessions {
    type Answer = Purged;
}
