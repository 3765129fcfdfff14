//! What is set up dangerously: each danger in one line, with what to do about it.

mod files;
mod settings;

use serde::Serialize;

use crate::config::Config;

/// Something that is set up in a way that an attacker could use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Danger {
    /// Its name, for programs.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is so.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It should not be so.
    Danger,
    /// It may be meant so.
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

/// Finds what is dangerous in the configuration, in the place that it gives the database, and in who we
/// are. Nothing is opened or changed.
#[must_use]
pub fn find_dangers(config: &Config) -> Vec<Danger> {
    settings::CHECKS.iter().chain(&files::CHECKS).flat_map(|check| check(config)).collect()
}

/// Looks for one kind of danger.
type Check = fn(&Config) -> Vec<Danger>;
