//! A user, without the password hash. Only the hash function gets the hash.

use super::{Email, Role, Username};
use crate::domain::Timestamp;

/// A user's number, which is never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

impl std::fmt::Display for UserId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A user, that is, an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's number.
    pub id: UserId,
    /// The user's e-mail address; unique, ignoring case.
    pub email: Email,
    /// The username; unique, ignoring case, and never given to another user.
    pub username: Username,
    /// The user's role.
    pub role: Role,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// When the account was created.
    pub created_at: Timestamp,
}

impl User {
    /// Whether the user is an administrator who can log in.
    #[must_use]
    pub fn administers(&self) -> bool {
        self.role == Role::Admin && !self.disabled
    }

    /// Whether changing to `after`, or deleting the user if that is `None`, removes an administrator. That is
    /// allowed only if there is another one.
    #[must_use]
    pub fn ceases_to_administer(&self, after: Option<&Self>) -> bool {
        self.administers() && !after.is_some_and(Self::administers)
    }
}

/// The changes to a user; `None` leaves a value as it is.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// The new e-mail address.
    pub email: Option<Email>,
    /// The new role.
    pub role: Option<Role>,
    /// Whether to disable the account. Disabling ends its sessions.
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
