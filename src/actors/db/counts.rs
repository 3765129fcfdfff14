//! Counting rows, one slice at a time.
//!
//! Counting a million rows takes a tenth of a second, in which no other message is answered. The gauges
//! need not be that current: the caller asks for one slice after the other and adds up the counts.

use super::DbMessage;

/// Counts the users and the live sessions of a range of numbers.
#[derive(Debug, Clone, Copy)]
pub struct CountSlice {
    /// Users after this number are counted.
    pub users_after: i64,
    /// Sessions after this number are counted.
    pub sessions_after: i64,
    /// How many rows of each table to examine.
    pub rows: i64,
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableCounts {
    /// Accounts.
    pub users: Slice,
    /// Sessions that have not ended, including expired ones that were not purged yet.
    pub sessions: Slice,
    /// The size of the whole database, in bytes.
    pub database_bytes: i64,
}

/// The rows of a range of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// The number of rows.
    pub count: i64,
    /// The start of the next slice; `None` at the end of the table.
    pub next: Option<i64>,
}

impl DbMessage for CountSlice {
    type Answer = TableCounts;
}
