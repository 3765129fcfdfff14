//! Sweeping up what is over: expired sessions, replaced refresh secrets, sessions that ended long ago.

use super::DbMessage;
use crate::domain::{SessionId, Timestamp};

/// Looks at a range of sessions by number: marks the expired, forgets the refresh secrets that were
/// replaced longer ago than the grace, and deletes sessions that ended long ago.
///
/// A rotation forgets them too, but a session that is never refreshed again would keep its last one, and
/// with it the salt that its current secret was derived with.
///
/// The caller walks the table a batch at a time and begins anew at its end, so that no
/// transaction is long and no index has to follow each refresh.
#[derive(Debug)]
pub struct PurgeSessions {
    /// The sessions after this number.
    pub after: SessionId,
    /// How many to look at.
    pub batch: i64,
    /// Those that ended before this are deleted.
    pub ended_before: Timestamp,
    /// Of those that were last used before this the replaced secrets are forgotten.
    pub replaced_before: Timestamp,
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
}
