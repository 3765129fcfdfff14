//! What is wrong with a request.

use std::fmt;

use serde::Serialize;

use crate::domain::InvalidPassword;

/// One mistake in a request, in FastAPI's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// Where: `body`, `query` or `path`, and the names that lead to the field.
    loc: Vec<&'static str>,
    msg: String,
    /// FastAPI's name for the kind of mistake, where it has one.
    #[serde(rename = "type")]
    kind: &'static str,
}

impl FieldError {
    /// A mistake of this kind at this place.
    pub(crate) fn new(kind: &'static str, loc: &[&'static str], msg: impl Into<String>) -> Self {
        Self { kind, loc: loc.to_vec(), msg: msg.into() }
    }

    /// A field that must be there is not.
    pub(crate) fn missing(loc: &[&'static str]) -> Self {
        Self::new("missing", loc, "Field required")
    }

    /// Another value stands where an object should.
    pub(crate) fn not_an_object(loc: &[&'static str]) -> Self {
        let msg = "Input should be a valid dictionary or object to extract fields from";
        Self::new("model_attributes_type", loc, msg)
    }

    /// A new password that is refused.
    pub(crate) fn password(invalid: InvalidPassword, loc: &[&'static str]) -> Self {
        let kind = match invalid {
            InvalidPassword::TooShort(_) => "string_too_short",
            InvalidPassword::TooLong => "string_too_long",
            InvalidPassword::Nul | InvalidPassword::SameAsName => "value_error",
            InvalidPassword::Common => "password_too_common",
        };
        Self::new(kind, loc, invalid.to_string())
    }

    #[cfg(test)]
    pub(crate) const fn kind(&self) -> &'static str {
        self.kind
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.loc.join("."), self.msg)
    }
}
