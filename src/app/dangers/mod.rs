//! Dangerous settings: each danger in one line, with its remedy.

mod files;
mod settings;

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

    fn hint(code: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Hint, ..Self::new(code, what, remedy) }
    }
}

impl std::fmt::Display for Danger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}; {}", self.code, self.what, self.remedy)
    }
}

/// Finds the dangers in the configuration, in the location of the database, and in the current user. It opens
/// and changes nothing.
#[must_use]
pub fn find_dangers(config: &Config) -> Vec<Danger> {
    settings::CHECKS.iter().chain(&files::CHECKS).flat_map(|check| check(config)).collect()
}

/// Looks for one kind of danger.
type Check = fn(&Config) -> Vec<Danger>;
