//! What is wrong with a request.

use serde::Serialize;

use crate::domain::InvalidPassword;

/// One thing wrong with a request, in FastAPI's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    /// Where: `body`, `query` or `path`, and the names that lead to the field.
    pub(crate) loc: Vec<&'static str>,
    pub(crate) msg: String,
}

/// The type of what is wrong with a password: FastAPI's name for it, where that has one.
pub(crate) const fn password_error_kind(error: InvalidPassword) -> &'static str {
    match error {
        InvalidPassword::TooShort(_) => "string_too_short",
        InvalidPassword::TooLong => "string_too_long",
        InvalidPassword::Nul | InvalidPassword::SameAsName => "value_error",
        InvalidPassword::Common => "password_too_common",
    }
}
