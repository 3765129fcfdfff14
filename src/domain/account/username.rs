//! Usernames, which are login names and the `sub` of tokens.

/// A username: `[A-Za-z0-9._-]{1,64}`, beginning with a letter or a digit.
///
/// It cannot be changed, and that of a deleted user is never given to another user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Username(String);

/// A text that is not a valid username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("username should be 1 to 64 letters, digits, '.', '_' or '-', and begin with a letter or digit")]
pub struct InvalidUsername;

impl Username {
    /// The rule as an ECMA 262 regular expression.
    pub const PATTERN: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

    /// The maximum length of a username, in characters.
    pub const MAX_LENGTH: usize = 64;

    /// Parses a username. Its case is kept, but comparisons ignore it.
    ///
    /// # Errors
    ///
    /// If the text breaks the rule above.
    pub fn parse(text: &str) -> Result<Self, InvalidUsername> {
        let valid = text.len() <= Self::MAX_LENGTH
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidUsername) }
    }

    /// A username that was accepted before, by the rules of this or another system.
    #[must_use]
    pub fn from_trusted(text: String) -> Self {
        Self(text)
    }

    /// The username as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key by which usernames are compared: two with the same key are the same name.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_letters_digits_dots_dashes_and_underscores_are_accepted() {
        for text in ["a", "Alice", "7of9", "a.b_c-d", &"x".repeat(64)] {
            assert_eq!(Username::parse(text).map(|u| u.as_str().to_owned()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", ".a", "_a", "-a", "a b", "a@b", "é", "a\n", "a\0", "a/b", &"x".repeat(65)] {
            assert_eq!(Username::parse(text).err(), Some(InvalidUsername), "{text:?}");
        }
    }
}
