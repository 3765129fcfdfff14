//! Scopes: what a token allows.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::domain::Role;

/// A set of the scopes (RFC 6749, section 3.3) that Sekisho knows.
///
/// ```
/// use sekisho::domain::Scope;
///
/// let scope = Scope::parse("admin user")?;
/// assert!(scope.contains(Scope::ADMIN));
/// assert_eq!(scope.to_string(), "user admin");
/// assert!(Scope::parse("user root").is_err());
/// # Ok::<(), sekisho::domain::InvalidScope>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scope(u16);

/// A scope that does not exist, or that the user does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the requested scope is unknown or exceeds what the user may have")]
pub struct InvalidScope;

impl Scope {
    /// The account's own endpoints.
    pub const USER: Self = Self(1);
    /// The administration of all accounts.
    pub const ADMIN: Self = Self(1 << 1);

    /// Each scope and its name, in the order in which a set is written.
    const KNOWN: [(Self, &'static str); 2] = [(Self::USER, "user"), (Self::ADMIN, "admin")];

    /// All scopes that a user of this role may have.
    #[must_use]
    pub const fn of(role: Role) -> Self {
        match role {
            Role::User => Self::USER,
            Role::Admin => Self::USER.union(Self::ADMIN),
        }
    }

    /// Parses a space-separated list; an empty one is the empty set.
    ///
    /// # Errors
    ///
    /// When the list has a name that is not a known scope's.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        text.split_ascii_whitespace().try_fold(Self::default(), |scope, word| {
            let (known, _) = Self::KNOWN.iter().find(|(_, name)| *name == word).ok_or(InvalidScope)?;
            Ok(scope.union(*known))
        })
    }

    /// The names of all scopes that Sekisho knows.
    pub fn known_names() -> impl Iterator<Item = &'static str> {
        Self::KNOWN.iter().map(|(_, name)| *name)
    }

    /// The scope of a login by a user of this role. The scope `admin` is given only when it is requested by
    /// name, so that a token which can administer is not handed to a service by accident.
    ///
    /// # Errors
    ///
    /// If more is requested than the role may have.
    pub fn for_login(role: Role, requested: Self) -> Result<Self, InvalidScope> {
        if requested.is_empty() {
            return Ok(Self::USER);
        }
        Self::of(role).narrow(requested)
    }

    /// The part of `self` that is requested; an empty request asks for all of it.
    ///
    /// # Errors
    ///
    /// If more is requested than `self` has, or `self` is empty: an administrator who logged in for `admin`
    /// alone and has lost the role has no scope left.
    pub fn narrow(self, requested: Self) -> Result<Self, InvalidScope> {
        if self.is_empty() || !self.contains(requested) {
            return Err(InvalidScope);
        }
        Ok(if requested.is_empty() { self } else { requested })
    }

    /// Whether the set has no scope.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every scope of `other` is in the set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The scopes in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The scopes in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The scopes of the set that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// The set as in tokens, answers and the database: the names in a fixed order, separated by spaces.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Self::KNOWN.iter().filter(|(scope, _)| self.contains(*scope)).map(|(_, name)| name);
        for (place, name) in names.enumerate() {
            let space = if place > 0 { " " } else { "" };
            write!(f, "{space}{name}")?;
        }
        Ok(())
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
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
        let admin = Scope::ADMIN;

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
            assert_eq!(Scope::parse(text).map(|scope| scope.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(Scope::parse(" admin  user "), Ok(Scope::of(Role::Admin)));
        assert_eq!(Scope::parse("user root"), Err(InvalidScope));
    }
}
