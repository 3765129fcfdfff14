//! A dangerous setting.

use serde::Serialize;

use crate::config::Config;

/// A setting that an attacker could exploit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Danger {
    /// Identifies the danger, for programs.
    pub code: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The danger.
    pub what: String,
    /// The remedy.
    pub remedy: String,
}

/// How serious a danger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A setting to change.
    Danger,
    /// A setting that may be intended.
    Hint,
}

impl Danger {
    /// A danger.
    pub fn new(code: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, severity: Severity::Danger, what: what.into(), remedy: remedy.into() }
    }

    pub(super) fn hint(code: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Hint, ..Self::new(code, what, remedy) }
    }
}

impl std::fmt::Display for Danger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}; {}", self.code, self.what, self.remedy)
    }
}

/// Looks for one kind of danger.
pub(super) type Check = fn(&Config) -> Vec<Danger>;
