//! What somebody types to say whose password follows.

use std::fmt;

use super::Username;

/// A username or an e-mail address as somebody typed it, in lower case: what accounts are looked up
/// by, and what the queue and the throttle count attempts by.
///
/// It is not checked against the rules for new usernames, because imported users may have names
/// that those rules would refuse. It is only known that some account could have it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LoginName(String);

/// A text that can be no account's name, because it is empty, longer than any, or has control
/// characters in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no account can have this name")]
pub struct InvalidLoginName;

impl LoginName {
    /// The longest name in bytes, which is the longest e-mail address (RFC 5321, 4.5.3.1.3).
    pub const MAX_BYTES: usize = 254;

    /// Reads a typed name.
    ///
    /// # Errors
    ///
    /// When no account can have it: such a text need not be looked up, hashed for or remembered.
    pub fn parse(text: &str) -> Result<Self, InvalidLoginName> {
        let key = if text.len() <= Self::MAX_BYTES { text.to_lowercase() } else { String::new() };
        let is_possible = (1..=Self::MAX_BYTES).contains(&key.len()) && !key.chars().any(char::is_control);
        if is_possible { Ok(Self(key)) } else { Err(InvalidLoginName) }
    }

    /// The name in lower case, as the database's keys are.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0
    }
}

/// What an account's owner types, where the account is known already.
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
