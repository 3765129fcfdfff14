//! Mistakes in a request.

use std::fmt;

use serde::Serialize;

use crate::domain::InvalidPassword;

/// One mistake in a request, in FastAPI's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// The place of the mistake: `body`, `query` or `path`, and the names that lead to the field.
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

    /// A required field is missing.
    pub(crate) fn missing(loc: &[&'static str]) -> Self {
        Self::new("missing", loc, "Field required")
    }

    /// Another value is at the place of an object.
    pub(crate) fn not_an_object(loc: &[&'static str]) -> Self {
        let msg = "Input should be a valid dictionary or object to extract fields from";
        Self::new("model_attributes_type", loc, msg)
    }

    /// A new password that the policy refuses.
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
