//! A user, without the password hash: that never leaves the database but for the hash function.

use super::{Email, Role, Username};
use crate::domain::Timestamp;

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

impl User {
    /// Whether they are an administrator who may log in.
    #[must_use]
    pub fn administers(&self) -> bool {
        self.role == Role::Admin && !self.disabled
    }

    /// Whether becoming `after`, or nothing where they are deleted, takes an administrator away. It is allowed
    /// only where there is another.
    #[must_use]
    pub fn ceases_to_administer(&self, after: Option<&Self>) -> bool {
        self.administers() && !after.is_some_and(Self::administers)
    }
}

/// What is to change of a user; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// The e-mail address.
    pub email: Option<Email>,
    /// The role.
    pub role: Option<Role>,
    /// Whether they are kept from logging in; disabling ends their sessions.
    pub disabled: Option<bool>,
}

impl UserChange {
    /// The user after the change.
    #[must_use]
    pub fn apply(self, before: User) -> User {
        User {
            email: self.email.unwrap_or(before.email),
            role: self.role.unwrap_or(before.role),
            disabled: self.disabled.unwrap_or(before.disabled),
            ..before
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_administrator_who_is_demoted_disabled_or_deleted_administers_no_more() {
        let admin = User {
            id: UserId(1),
            email: Email::from_trusted(String::new()),
            username: Username::from_trusted(String::new()),
            role: Role::Admin,
            disabled: false,
            created_at: Timestamp::from_millis(0),
        };
        let changed = |role, disabled| UserChange { role, disabled, email: None }.apply(admin.clone());
        let demoted = changed(Some(Role::User), None);
        let disabled = changed(None, Some(true));

        for after in [Some(&demoted), Some(&disabled), None] {
            assert!(admin.ceases_to_administer(after), "{after:?}");
        }
        assert!(!admin.ceases_to_administer(Some(&changed(None, Some(false)))));
        for nobody in [demoted, disabled] {
            assert!(!nobody.ceases_to_administer(None), "{nobody:?}");
        }
    }
}
