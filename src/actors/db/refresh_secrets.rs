//! The versions of the installation's secret that refresh tokens are made with.

use std::collections::BTreeSet;

use super::DbMessage;
use crate::domain::{KeySet, RefreshSecretRow, SessionId, StoredOtherwise};

/// Adds a version, unless another process has added one since `newest` was the newest. One that is stored
/// otherwise than the secrets that are there is refused.
#[derive(Debug)]
pub struct InsertRefreshSecret {
    /// The new version.
    pub secret: RefreshSecretRow,
    /// The newest that the sender knew of; `None` where it knew of none.
    pub newest: Option<u8>,
}

impl DbMessage for InsertRefreshSecret {
    type Answer = Result<KeySet, StoredOtherwise>;
}

/// Deletes versions and says how many there were.
#[derive(Debug)]
pub struct PurgeRefreshSecrets {
    /// Versions that no live session's token is made with.
    pub versions: Vec<u8>,
}

impl DbMessage for PurgeRefreshSecrets {
    type Answer = usize;
}

/// Finds with which versions the current tokens of a range of live sessions are made.
#[derive(Debug)]
pub struct FindRefreshVersions {
    /// The sessions after this number.
    pub after: SessionId,
    /// And up to this one.
    pub last: SessionId,
}

impl DbMessage for FindRefreshVersions {
    type Answer = BTreeSet<u8>;
}
