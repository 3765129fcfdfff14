//! Passwords as users type them, and their hashes as they are stored.

mod common;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroize;
use zeroize::Zeroizing;

/// A password as it was typed: right, wrong, or about to be set.
///
/// It is wiped from memory when dropped, and cannot be displayed.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

/// Why a password may not be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// It has fewer characters than the policy's minimum, which is given.
    #[error("String should have at least {0} characters")]
    TooShort(usize),
    /// It has more bytes than [`PasswordPolicy::MAX_BYTES`].
    #[error("Password should have at most 1024 bytes")]
    TooLong,
    /// It has a NUL character, at which other implementations of bcrypt end a password.
    #[error("Password should not contain a NUL character")]
    Nul,
    /// It is the same as the username or the e-mail address.
    #[error("Password should differ from the username and the email address")]
    SameAsName,
    /// It is one of the most common passwords.
    #[error("Password should not be one of the most common")]
    Common,
}

/// A password that the policy has accepted. Only [`PasswordPolicy::accept`] makes one, and nothing else can
/// be hashed in order to be stored.
#[derive(Debug, Clone)]
pub struct NewPassword(Password);

impl NewPassword {
    /// The password, for the hash function only.
    #[must_use]
    pub const fn password(&self) -> &Password {
        &self.0
    }
}

/// The policy for passwords that are set. The configuration makes it:
/// [`PasswordArgs::policy`](crate::config::PasswordArgs::policy).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    min_length: usize,
}

impl PasswordPolicy {
    /// The maximum number of bytes, to bound the cost of hashing.
    pub const MAX_BYTES: usize = 1024;

    /// A policy with this minimum number of characters.
    pub(crate) const fn new(min_length: usize) -> Self {
        Self { min_length }
    }

    /// Accepts a password that is about to be set for a user with these names, as far as they are known.
    ///
    /// # Errors
    ///
    /// The first rule that the password breaks.
    pub fn accept(&self, password: Password, names: &[&str]) -> Result<NewPassword, InvalidPassword> {
        let accepted = NewPassword(password);
        self.check(&accepted, names).map(|()| accepted)
    }

    /// Checks an accepted password for an account whose names are known by now. It may have been accepted by
    /// a policy with other rules, too.
    ///
    /// # Errors
    ///
    /// The first rule that the password breaks.
    pub fn check(&self, password: &NewPassword, names: &[&str]) -> Result<(), InvalidPassword> {
        let text = password.0.expose();
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidPassword::TooLong);
        }
        if text.chars().count() < self.min_length {
            return Err(InvalidPassword::TooShort(self.min_length));
        }
        if text.contains('\0') {
            return Err(InvalidPassword::Nul);
        }
        let lowercase = Zeroizing::new(text.to_lowercase());
        if names.iter().any(|name| name.to_lowercase() == *lowercase) {
            return Err(InvalidPassword::SameAsName);
        }
        if common::is_common(text) {
            return Err(InvalidPassword::Common);
        }
        Ok(())
    }
}

impl Password {
    /// Wraps a password.
    #[must_use]
    pub fn new(mut text: String) -> Self {
        // Copied to its exact size, and the original wiped: shrinking would move it and leave the old copy.
        let password = Self(SecretString::from(text.as_str()));
        text.zeroize();
        password
    }

    /// The password itself, for the hash function only.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// A stored hash in modular crypt format: `$2b$12$…` or passlib's `$bcrypt-sha256$v=2,t=2b,r=12$…`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a hash from the database.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The hash, for the database and the hash function only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// How often a user's password has been set, which tells whether it is still the one that was verified.
///
/// The hash cannot tell that, because a renewed hash is a different text for the same password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordVersion(pub i64);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), InvalidPassword> {
        PasswordPolicy::new(8)
            .accept(Password::new(text.to_owned()), &["alice-long", "Alice@example.com"])
            .map(|accepted| assert_eq!(accepted.password().expose(), text))
    }

    #[test]
    fn a_password_within_the_rules_is_accepted() {
        for text in ["83219476", "ありがとうございます", "correct horse battery staple", &"x".repeat(1024)]
        {
            assert_eq!(check(text), Ok(()));
        }
    }

    #[test]
    fn each_rule_refuses_with_its_own_reason() {
        assert_eq!(check("1234567"), Err(InvalidPassword::TooShort(8)));
        assert_eq!(check("ありがとう"), Err(InvalidPassword::TooShort(8)));
        assert_eq!(check(&"x".repeat(1025)), Err(InvalidPassword::TooLong));
        assert_eq!(check("nul\0nul\0nul"), Err(InvalidPassword::Nul));
        assert_eq!(check("ALICE-LONG"), Err(InvalidPassword::SameAsName));
        assert_eq!(check("alice@EXAMPLE.com"), Err(InvalidPassword::SameAsName));
        assert_eq!(check("12345678"), Err(InvalidPassword::Common));
        assert_eq!(check("PassWord"), Err(InvalidPassword::Common));
    }

    #[test]
    fn an_accepted_password_is_checked_again_by_other_rules_and_for_other_names() {
        let accepted = PasswordPolicy::new(1).accept(Password::new("alice".to_owned()), &[]).unwrap();

        let check = |min_length, names: &[&str]| PasswordPolicy::new(min_length).check(&accepted, names);
        assert_eq!(check(1, &["bob"]), Ok(()));
        assert_eq!(check(1, &["Alice"]), Err(InvalidPassword::SameAsName));
        assert_eq!(check(8, &[]), Err(InvalidPassword::TooShort(8)));
    }

    #[test]
    fn debug_output_hides_passwords_and_hashes() {
        let shown = format!("{:?}{:?}", Password::new("hunter22".into()), PasswordHash::new("$2b$".into()));

        assert!(!shown.contains("hunter22") && !shown.contains("$2b$"));
    }
}
