//! E-mail addresses.

use std::fmt;

/// An e-mail address as HTML's `<input type=email>` accepts it, with a dot in its domain.
///
/// The grammar is the WHATWG's "valid e-mail address": what people type and mail servers take,
/// without the quoted strings, comments and bare hosts of RFC 5322. [`Email::PATTERN`] is the
/// same rule as a regular expression, for the OpenAPI document.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// A text that is not a valid e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("value is not a valid email address")]
pub struct InvalidEmail;

impl Email {
    /// The rule as an ECMA 262 regular expression; the length is [`Email::MAX_LENGTH`].
    pub const PATTERN: &str = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$";

    /// The maximum length of an address in characters, which fits into SMTP's 256-octet path (RFC 5321,
    /// 4.5.3.1.3).
    pub const MAX_LENGTH: usize = 254;

    const MAX_LOCAL_LENGTH: usize = 64;
    const MAX_LABEL_LENGTH: usize = 63;

    /// Parses an address. Its case is kept, but comparisons ignore it.
    ///
    /// # Errors
    ///
    /// If the text is not a valid address.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let valid = text.len() <= Self::MAX_LENGTH
            && is_local_part(local)
            && domain.contains('.')
            && domain.split('.').all(is_label);
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidEmail) }
    }

    /// An address that was accepted before, by the rules of this or another system.
    #[must_use]
    pub fn from_trusted(text: String) -> Self {
        Self(text)
    }

    /// The address as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key by which addresses are compared: two with the same key are the same address.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

/// An address is personal: debug output, which may reach a log, does not show it.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

fn is_local_part(local: &str) -> bool {
    (1..=Email::MAX_LOCAL_LENGTH).contains(&local.len())
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b))
}

fn is_label(label: &str) -> bool {
    (1..=Email::MAX_LABEL_LENGTH).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_are_accepted_as_they_are() {
        for text in [
            "alice@example.com",
            "Alice.Smith+tag@Mail.Example.co.uk",
            "o'brien@example.org",
            "a@1.2",
            "x_y-z@xn--bcher-kva.example",
        ] {
            assert_eq!(Email::parse(text).map(|e| e.as_str().to_owned()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long_label = format!("a@{}.com", "b".repeat(64));
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long = format!("a@{}com", "b.".repeat(200));
        for text in [
            "",
            "@",
            "alice",
            "alice@",
            "@example.com",
            "alice@localhost",
            "a@b@c.com@",
            "a b@c.com",
            "a@-b.com",
            "a@b-.com",
            "a@b..com",
            "a@.com",
            "a@b.com.",
            "é@example.com",
            "a@exämple.com",
            "a@b.com\n",
            "a\0@b.com",
            "\"quoted\"@example.com",
            &long_label,
            &long_local,
            &long,
        ] {
            assert_eq!(Email::parse(text).err(), Some(InvalidEmail), "{text:?}");
        }
    }

    #[test]
    fn addresses_that_differ_in_case_have_one_key() {
        let upper = Email::parse("Alice@Example.COM").map(|e| e.key());

        assert_eq!(upper.as_deref(), Ok("alice@example.com"));
    }

    #[test]
    fn debug_output_hides_the_address() {
        let email = Email::parse("alice@example.com");

        assert!(!format!("{email:?}").contains("alice"));
    }
}
