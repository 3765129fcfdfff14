//! The versions of the installation's secret that refresh tokens are made with.

use std::collections::BTreeSet;

use actix::Message;

use super::{DbError, DbMessage, KeySet, StoredOtherwise};
use crate::domain::{SecretLocation, SessionId, StoredSecret, Timestamp};

/// A version of the secret as it is stored.
#[derive(Debug, Clone)]
pub struct RefreshSecretRow {
    /// What tokens call it.
    pub version: u8,
    /// The secret, as it is stored at [`RefreshSecretRow::location`].
    pub value: StoredSecret,
    /// From when on it makes new tokens.
    pub used_from: Timestamp,
}

impl RefreshSecretRow {
    /// Where the secret stands.
    #[must_use]
    pub fn location(&self) -> SecretLocation {
        Self::location_of(self.version)
    }

    /// Where the secret of a version stands.
    #[must_use]
    pub fn location_of(version: u8) -> SecretLocation {
        SecretLocation::Secret { name: name_of(version) }
    }
}

/// The name that a version has among the secrets. The first had it when there were no versions.
pub(super) fn name_of(version: u8) -> String {
    if version == 0 { "refresh".to_owned() } else { format!("refresh.{version}") }
}

/// Adds a version, unless another process has added one since `newest` was the newest. One that is stored
/// otherwise than the secrets that are there is refused.
#[derive(Debug, Message)]
#[rtype(result = "Result<Result<KeySet, StoredOtherwise>, DbError>")]
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
#[derive(Debug, Message)]
#[rtype(result = "Result<usize, DbError>")]
pub struct PurgeRefreshSecrets {
    /// Versions that no live session's token is made with.
    pub versions: Vec<u8>,
}

impl DbMessage for PurgeRefreshSecrets {
    type Answer = usize;
}

/// Finds with which versions the current tokens of a range of live sessions are made.
#[derive(Debug, Message)]
#[rtype(result = "Result<BTreeSet<u8>, DbError>")]
pub struct FindRefreshVersions {
    /// The sessions after this number.
    pub after: SessionId,
    /// And up to this one.
    pub last: SessionId,
    /// Now.
    pub now: Timestamp,
}

impl DbMessage for FindRefreshVersions {
    type Answer = BTreeSet<u8>;
}
