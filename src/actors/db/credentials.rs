//! What users log in with: their names, the hashes of their passwords, and the cost of comparing those.

use super::{DbMessage, OpenSession};
use crate::domain::{PasswordHash, PasswordVersion, SessionId, User, UserId};

/// Identifies the account that a password is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginIdentifier {
    /// A username or an e-mail address, as it was typed, in upper or lower case.
    Name(String),
    /// A user's number.
    Id(UserId),
}

/// Finds a user with their password hash. A username takes precedence over another user's e-mail address.
#[derive(Debug)]
pub struct FindCredentials {
    /// The user.
    pub identifier: LoginIdentifier,
}

/// A user and the hash that their password must match.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user.
    pub user: User,
    /// The hash.
    pub password_hash: PasswordHash,
    /// The version of the password that it is a hash of.
    pub password_version: PasswordVersion,
}

impl DbMessage for FindCredentials {
    type Answer = Option<Credentials>;
}

/// Sets a password, and ends the user's sessions except one.
#[derive(Debug)]
pub struct SetPassword {
    /// The user.
    pub id: UserId,
    /// The password that was verified. If it was changed since, nothing is set. `None` sets the new one in any
    /// case.
    pub expected: Option<PasswordVersion>,
    /// The new hash.
    pub password_hash: PasswordHash,
    /// The session that lives on.
    pub keep: Option<SessionId>,
}

impl DbMessage for SetPassword {
    type Answer = bool;
}

/// Sets a password, ends every session and opens a new one, all or none, for a user whose password was just
/// verified. `None` if it was changed or the account disabled since.
#[derive(Debug)]
pub struct ReplacePassword {
    /// The new session, which names the user and the password that was verified.
    pub open: OpenSession,
    /// The new hash.
    pub password_hash: PasswordHash,
}

impl DbMessage for ReplacePassword {
    type Answer = Option<SessionId>;
}

/// Replaces a user's hash by another of the same password, and ends no session. `false` if it was replaced
/// already, or the password was changed or the user deleted.
#[derive(Debug)]
pub struct RenewHash {
    /// The user.
    pub id: UserId,
    /// The outdated hash.
    pub outdated: PasswordHash,
    /// A hash of the same password in the current form.
    pub renewed: PasswordHash,
}

impl DbMessage for RenewHash {
    type Answer = bool;
}

/// Finds the highest cost of any stored hash. Every comparison takes as long as one of that cost.
#[derive(Debug, Clone, Copy)]
pub struct FindHighestCost {
    /// The highest cost that is compared at all. Hashes above it do not count.
    pub at_most: u32,
}

impl DbMessage for FindHighestCost {
    type Answer = Option<u32>;
}
