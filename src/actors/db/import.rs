//! Importing users from another application.

use super::DbMessage;
use crate::domain::{ImportProblem, ImportedUser};

/// Imports users in one transaction: all of them, or, with `skip_invalid`, all that can be imported. Their
/// `created_at` is the time of the message.
#[derive(Debug)]
pub struct ImportUsers {
    /// The users, in ascending order of number.
    pub users: Vec<ImportedUser>,
    /// Whether to import the others if some cannot be imported.
    pub skip_invalid: bool,
    /// Whether to change nothing and only report.
    pub dry_run: bool,
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// The number of users that were added (or would be).
    pub imported: usize,
    /// How many had been imported before.
    pub present: usize,
    /// The users who cannot be imported, in the order of the message.
    pub problems: Vec<ImportProblem>,
    /// Whether the database was changed.
    pub applied: bool,
}

impl DbMessage for ImportUsers {
    type Answer = ImportReport;
}
