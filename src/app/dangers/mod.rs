//! Dangerous settings: each danger in one line, with its remedy.

mod danger;
mod files;
mod settings;

pub use self::danger::{Danger, Severity};
use crate::config::Config;

/// Finds the dangers in the configuration, in the location of the database, and in the current user. It opens
/// and changes nothing.
#[must_use]
pub fn find_dangers(config: &Config) -> Vec<Danger> {
    settings::CHECKS.iter().chain(&files::CHECKS).flat_map(|check| check(config)).collect()
}
