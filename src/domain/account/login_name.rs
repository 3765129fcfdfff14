//! The name that a user types to log in.

use std::fmt;

use super::Username;

/// A username or an e-mail address as it was typed, in lower case. Accounts are looked up by it, and the
/// queue and the throttle count attempts by it.
///
/// It is not checked against the rules for new usernames, because imported users may have names that break
/// those rules. It is only known that an account could have it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LoginName(String);

/// A text that no account can have as its name, because it is empty, too long, or has control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no account can have this name")]
pub struct InvalidLoginName;

impl LoginName {
    /// The maximum length of a name in bytes, which is that of an e-mail address (RFC 5321, 4.5.3.1.3).
    pub const MAX_BYTES: usize = 254;

    /// Parses a typed name.
    ///
    /// # Errors
    ///
    /// If no account can have it. Such a text need not be looked up, hashed or remembered.
    pub fn parse(text: &str) -> Result<Self, InvalidLoginName> {
        let key = if text.len() <= Self::MAX_BYTES { text.to_lowercase() } else { String::new() };
        let is_possible = (1..=Self::MAX_BYTES).contains(&key.len()) && !key.chars().any(char::is_control);
        if is_possible { Ok(Self(key)) } else { Err(InvalidLoginName) }
    }

    /// The name in lower case, like the keys in the database.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0
    }
}

/// The name of a known account's owner.
impl From<&Username> for LoginName {
    fn from(username: &Username) -> Self {
        Self(username.key())
    }
}

/// A name may be an e-mail address, which debug output does not show.
impl fmt::Debug for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginName(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_without_regard_to_case() {
        assert_eq!(LoginName::parse("Alice@Example.COM"), LoginName::parse("alice@example.com"));
        assert_eq!(LoginName::parse("Ünal").unwrap().key(), "ünal");
    }

    #[test]
    fn what_no_account_can_have_is_refused() {
        for text in ["", "a\0b", "a\nb", &"x".repeat(255)] {
            assert_eq!(LoginName::parse(text), Err(InvalidLoginName), "{text:?}");
        }
        assert!(LoginName::parse(&"x".repeat(254)).is_ok());
    }

    #[test]
    fn a_username_counts_as_it_would_when_typed() {
        let username = Username::parse("Alice").unwrap();

        assert_eq!(LoginName::from(&username), LoginName::parse("aLICE").unwrap());
    }
}
