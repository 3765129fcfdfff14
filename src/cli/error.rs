//! Why a command failed.

use std::error::Error;

/// The error of a command that failed: one line, for a person.
pub(super) type CommandError = Box<dyn Error>;
