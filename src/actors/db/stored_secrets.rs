//! The secrets that must be read back, all of them at once: so that they are wrapped by one key, or
//! none is wrapped.

use super::DbMessage;
use crate::domain::{Rewrapped, SecretRow};

/// Finds every secret.
#[derive(Debug)]
pub struct FindSecretRows;

impl DbMessage for FindSecretRows {
    type Answer = Vec<SecretRow>;
}

/// Stores every secret otherwise, in one transaction; `false`, and nothing is changed, where others
/// than these are there by now. Where one stood in the clear, the file is rewritten at
/// the next start.
#[derive(Debug)]
pub struct ReplaceSecretRows {
    /// All of them, those that stay as they are among them.
    pub rows: Vec<Rewrapped>,
}

impl DbMessage for ReplaceSecretRows {
    type Answer = bool;
}
