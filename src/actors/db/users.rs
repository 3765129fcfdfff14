//! Users: adding, finding, changing and deleting them.

use super::DbMessage;
use crate::domain::{Email, PasswordHash, PasswordVersion, Role, User, UserChange, UserId, Username};

/// Which of a new user's names belongs to another account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameConflict {
    /// The e-mail address.
    #[error("a user with this email already exists")]
    Email,
    /// The username, which may be that of a deleted user.
    #[error("a user with this username already exists")]
    Username,
}

/// Finds out whether an account has one of these names. The answer may be out of date when it arrives: it
/// saves the cost of a hash, and [`InsertUser`] decides.
#[derive(Debug)]
pub struct FindNameConflict {
    /// An e-mail address.
    pub email: Email,
    /// A username.
    pub username: Username,
}

impl DbMessage for FindNameConflict {
    type Answer = Option<NameConflict>;
}

/// Creates a user.
#[derive(Debug)]
pub struct InsertUser {
    /// The e-mail address.
    pub email: Email,
    /// The username.
    pub username: Username,
    /// The hash of the password.
    pub password_hash: PasswordHash,
    /// The role.
    pub role: Role,
}

impl DbMessage for InsertUser {
    type Answer = Result<User, NameConflict>;
}

/// Finds a user by number.
#[derive(Debug)]
pub struct FindUser {
    /// The user's number.
    pub id: UserId,
}

impl DbMessage for FindUser {
    type Answer = Option<User>;
}

/// Makes several changes to a user, all or none.
#[derive(Debug)]
pub struct UpdateUser {
    /// The user.
    pub id: UserId,
    /// The changes.
    pub change: UserChange,
}

/// Why a user was neither changed nor deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    /// There is no such user, or the password was changed meanwhile.
    #[error("there is no such user")]
    NotFound,
    /// Another user has the e-mail address.
    #[error("a user with this email already exists")]
    EmailTaken,
    /// No administrator would be left.
    #[error("the last admin can be neither disabled, demoted nor deleted")]
    LastAdmin,
}

impl DbMessage for UpdateUser {
    type Answer = Result<User, ChangeRefused>;
}

/// Changes the e-mail address of a user whose password was just verified.
#[derive(Debug)]
pub struct SetEmail {
    /// The user.
    pub id: UserId,
    /// The password that was verified. If it was changed since, nothing is changed.
    pub expected: PasswordVersion,
    /// The new address.
    pub email: Email,
}

impl DbMessage for SetEmail {
    type Answer = Result<User, ChangeRefused>;
}

/// Deletes a user with their sessions. The username is never assigned again.
#[derive(Debug)]
pub struct DeleteUser {
    /// The user.
    pub id: UserId,
    /// The password that was verified, as in [`SetPassword`](super::SetPassword).
    pub expected: Option<PasswordVersion>,
}

impl DbMessage for DeleteUser {
    type Answer = Result<(), ChangeRefused>;
}
