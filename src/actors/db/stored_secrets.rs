//! All secrets that must be read back, at once, so that either all are wrapped by one key or none is.

use super::DbMessage;
use crate::domain::{Rewrapped, SecretRow};

/// Finds every secret.
#[derive(Debug)]
pub struct FindSecretRows;

impl DbMessage for FindSecretRows {
    type Answer = Vec<SecretRow>;
}

/// Replaces every secret by another form of itself, in one transaction. `false`, and nothing is changed, if
/// the stored secrets are no longer these. If one was in the clear, the file is rewritten at the next start.
#[derive(Debug)]
pub struct ReplaceSecretRows {
    /// All secrets, including those that stay as they are.
    pub rows: Vec<Rewrapped>,
}

impl DbMessage for ReplaceSecretRows {
    type Answer = bool;
}
