//! The versions of the installation's secret from which refresh tokens are derived.

use std::collections::BTreeSet;

use super::DbMessage;
use crate::domain::{KeySet, RefreshSecretRow, SessionId, StoredOtherwise};

/// Adds a version, unless another process has added one since `newest` was the newest. It is refused if it is
/// not stored as the other secrets are.
#[derive(Debug)]
pub struct InsertRefreshSecret {
    /// The new version.
    pub secret: RefreshSecretRow,
    /// The newest version that the sender knew; `None` if it knew none.
    pub newest: Option<u8>,
}

impl DbMessage for InsertRefreshSecret {
    type Answer = Result<KeySet, StoredOtherwise>;
}

/// Deletes versions and returns how many there were.
#[derive(Debug)]
pub struct PurgeRefreshSecrets {
    /// The versions, which no live session uses.
    pub versions: Vec<u8>,
}

impl DbMessage for PurgeRefreshSecrets {
    type Answer = usize;
}

/// Finds the versions that the current tokens of a range of live sessions are made with.
#[derive(Debug)]
pub struct FindRefreshVersions {
    /// The lower end of the range: session numbers above this.
    pub after: SessionId,
    /// The last session of the range.
    pub last: SessionId,
}

impl DbMessage for FindRefreshVersions {
    type Answer = BTreeSet<u8>;
}
