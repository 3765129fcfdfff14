//! A user, without the password hash: that never leaves the database but for the hash function.

use super::{Email, Role, Timestamp, Username};

/// A user's number; it is never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

impl std::fmt::Display for UserId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their number.
    pub id: UserId,
    /// Their e-mail address; unique without regard to case.
    pub email: Email,
    /// Their name; unique without regard to case, and never another's.
    pub username: Username,
    /// What they may do.
    pub role: Role,
    /// Whether they are kept from logging in.
    pub disabled: bool,
    /// When the account was made.
    pub created_at: Timestamp,
}
