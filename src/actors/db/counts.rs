//! Counting rows, one slice at a time.
//!
//! Counting a million rows takes a tenth of a second, in which no other message is answered. The gauges
//! need not be that current: the caller asks for one slice after the other and adds up the counts.

use super::DbMessage;

/// Counts the users and the live sessions of a range of numbers.
#[derive(Debug, Clone, Copy)]
pub struct CountSlice {
    /// The users after this number.
    pub users_after: i64,
    /// The sessions after this number.
    pub sessions_after: i64,
    /// How many rows of each to look at.
    pub rows: i64,
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableCounts {
    /// Accounts.
    pub users: Slice,
    /// Sessions that have not ended, expired ones that were not purged yet among them.
    pub sessions: Slice,
    /// The whole database's size, in bytes.
    pub database_bytes: i64,
}

/// The rows of a range of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// How many there are.
    pub count: i64,
    /// Where the next slice begins; `None` at the end of the table.
    pub next: Option<i64>,
}

impl DbMessage for CountSlice {
    type Answer = TableCounts;
}
