//! Roles, and the scopes a token carries.

use std::fmt;

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Their own account.
    User,
    /// Everybody's.
    Admin,
}

/// A text that names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("role should be 'user' or 'admin'")]
pub struct UnknownRole;

impl Role {
    /// The role as it is written in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        match text {
            "user" => Ok(Self::User),
            "admin" => Ok(Self::Admin),
            _ => Err(UnknownRole),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The scopes of a token (RFC 6749, section 3.3): a set of `user` and `admin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scope {
    /// The account's own endpoints.
    pub user: bool,
    /// The administration of everybody's accounts.
    pub admin: bool,
}

/// A scope that does not exist, or that the user does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the requested scope is unknown or exceeds what the user may have")]
pub struct InvalidScope;

impl Scope {
    /// What a login gives that asks for nothing by name.
    pub const DEFAULT: Self = Self { user: true, admin: false };

    /// All that a role may have.
    #[must_use]
    pub const fn of(role: Role) -> Self {
        match role {
            Role::User => Self { user: true, admin: false },
            Role::Admin => Self { user: true, admin: true },
        }
    }

    /// Parses a space-separated list; an empty one is the empty set.
    ///
    /// # Errors
    ///
    /// When a scope is none of ours.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let mut scope = Self::default();
        for word in text.split_ascii_whitespace() {
            match word {
                "user" => scope.user = true,
                "admin" => scope.admin = true,
                _ => return Err(InvalidScope),
            }
        }
        Ok(scope)
    }

    /// What a login by somebody of this role gives. `admin` is given to whoever asks for it by name:
    /// a token that can administer is not to be handed to others by accident.
    ///
    /// # Errors
    ///
    /// When more is requested than the role may have.
    pub fn for_login(role: Role, requested: Self) -> Result<Self, InvalidScope> {
        if requested == Self::default() {
            return Ok(Self::DEFAULT);
        }
        Self::of(role).narrow(requested)
    }

    /// What of `self` remains when `requested` is asked for; an empty request asks for all of it.
    ///
    /// # Errors
    ///
    /// When more is requested than there is, or there is nothing: whoever logged in as an
    /// administrator alone, and is none any more, has no scope left.
    pub fn narrow(self, requested: Self) -> Result<Self, InvalidScope> {
        if self == Self::default() {
            return Err(InvalidScope);
        }
        if requested == Self::default() {
            return Ok(self);
        }
        if (requested.user && !self.user) || (requested.admin && !self.admin) {
            return Err(InvalidScope);
        }
        Ok(requested)
    }

    /// What is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self { user: self.user && other.user, admin: self.admin && other.admin }
    }

    /// The set as the wire and the database write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match (self.user, self.admin) {
            (true, true) => "user admin",
            (true, false) => "user",
            (false, true) => "admin",
            (false, false) => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_narrows_and_never_widens() {
        let (user, admin) = (Scope::of(Role::User), Scope::of(Role::Admin));

        assert_eq!(admin.narrow(user), Ok(user));
        assert_eq!(admin.narrow(Scope::default()), Ok(admin));
        assert_eq!(user.narrow(admin), Err(InvalidScope));
        assert_eq!(Scope::default().narrow(Scope::default()), Err(InvalidScope));
    }

    #[test]
    fn admin_is_given_to_an_administrator_who_asks_for_it_by_name() {
        let (nothing, user, both) = (Scope::default(), Scope::of(Role::User), Scope::of(Role::Admin));
        let admin = Scope { user: false, admin: true };

        for role in [Role::User, Role::Admin] {
            assert_eq!(Scope::for_login(role, nothing), Ok(user));
            assert_eq!(Scope::for_login(role, user), Ok(user));
        }
        assert_eq!(Scope::for_login(Role::Admin, admin), Ok(admin));
        assert_eq!(Scope::for_login(Role::Admin, both), Ok(both));
        assert_eq!(Scope::for_login(Role::User, admin), Err(InvalidScope));
        assert_eq!(Scope::for_login(Role::User, both), Err(InvalidScope));
    }

    #[test]
    fn a_scope_is_written_as_it_is_read() {
        for text in ["user admin", "user", "admin", ""] {
            assert_eq!(Scope::parse(text).map(Scope::as_str), Ok(text));
        }
        assert_eq!(Scope::parse(" admin  user "), Ok(Scope::of(Role::Admin)));
        assert_eq!(Scope::parse("user root"), Err(InvalidScope));
    }
}
