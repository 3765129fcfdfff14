//! The keys and secrets of tokens, as they are stored.

use std::fmt;

use crate::domain::{Algorithm, KeyId, SecretLocation, StoredSecret, Timestamp, signing_key};

/// A signing key as it is stored.
#[derive(Clone)]
pub struct KeyRow {
    /// The key's id in tokens and in the JWKS.
    pub kid: String,
    /// The algorithm of the key.
    pub algorithm: Algorithm,
    /// PKCS #8 (DER), or the bare secret for HS256, as stored at [`KeyRow::location`].
    pub private_key: StoredSecret,
    /// When the JWKS began to contain the key.
    pub announced_at: Timestamp,
    /// When it begins to sign.
    pub signs_from: Timestamp,
}

impl fmt::Debug for KeyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRow").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl KeyRow {
    /// The row of the private key.
    #[must_use]
    pub fn location(&self) -> SecretLocation {
        SecretLocation::SigningKey { kid: self.kid.clone(), algorithm: self.algorithm }
    }
}

/// All keys and secrets from which tokens are made.
#[derive(Debug, Clone)]
pub struct KeySet {
    /// The signing keys, the oldest first. Of those that may sign, the last one does.
    pub keys: Vec<KeyRow>,
    /// The versions of the secret of refresh tokens, in the order in which they begin to make new ones.
    pub refresh_secrets: Vec<RefreshSecretRow>,
}

impl KeySet {
    /// Whether the other set has the same signing keys and the same refresh secrets, however they are
    /// wrapped.
    #[must_use]
    pub fn is_of_the_same_keys(&self, other: &Self) -> bool {
        let kids = |set: &Self| set.keys.iter().map(|key| key.kid.clone()).collect::<Vec<_>>();
        let versions = |set: &Self| {
            set.refresh_secrets.iter().map(|secret| (secret.version, secret.used_from)).collect::<Vec<_>>()
        };
        kids(self) == kids(other) && versions(self) == versions(other)
    }
}

/// A version of the refresh secret, as it is stored.
#[derive(Debug, Clone)]
pub struct RefreshSecretRow {
    /// The number of the version in tokens.
    pub version: u8,
    /// The secret, as stored at [`RefreshSecretRow::location`].
    pub value: StoredSecret,
    /// The time from which it makes new tokens.
    pub used_from: Timestamp,
}

impl RefreshSecretRow {
    /// The row of the secret.
    #[must_use]
    pub fn location(&self) -> SecretLocation {
        Self::location_of(self.version)
    }

    /// The row of a version's secret.
    #[must_use]
    pub fn location_of(version: u8) -> SecretLocation {
        SecretLocation::Secret { name: Self::name_of(version) }
    }

    /// The name of a version among the secrets. The first version has the name from before there were
    /// versions.
    #[must_use]
    pub fn name_of(version: u8) -> String {
        if version == 0 { "refresh".to_owned() } else { format!("refresh.{version}") }
    }

    /// The version with this name; `None` if the secret is not a refresh secret.
    #[must_use]
    pub fn version_of(name: &str) -> Option<u8> {
        if name == "refresh" { Some(0) } else { name.strip_prefix("refresh.")?.parse().ok() }
    }
}

/// Another process has changed how the secrets in the database are wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the database's secrets are {}, and this process stores them {}: another process has changed that; start this one \
     anew with the --encryption-key-file of today",
    described(*.found), described(*.given)
)]
pub struct StoredOtherwise {
    /// The key that wrapped the stored secrets.
    pub found: Option<KeyId>,
    /// The key that wrapped the secret that was to be stored.
    pub given: Option<KeyId>,
}

fn described(key: Option<KeyId>) -> String {
    key.map_or_else(|| "in the clear".to_owned(), |id| format!("encrypted with the key {id}"))
}

/// A secret and its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRow {
    /// The row of the secret.
    pub location: SecretLocation,
    /// The secret.
    pub secret: StoredSecret,
}

/// Refuses a secret that is not wrapped in the same way as the stored ones.
///
/// # Errors
///
/// How the two differ.
pub fn check_same_wrapping<'a>(
    new: &StoredSecret,
    found: impl IntoIterator<Item = &'a SecretRow>,
) -> Result<(), StoredOtherwise> {
    let given = new.wrapped_by();
    let mut found = found.into_iter().map(|row| row.secret.wrapped_by());
    found.find(|found| *found != given).map_or(Ok(()), |found| Err(StoredOtherwise { found, given }))
}

/// The outcome of revoking a signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// There is no such key.
    Unknown,
    /// It is not the signing key, and is deleted.
    Deleted,
    /// It is the signing key. It is deleted, and its successor signs.
    Replaced,
}

/// Decides the outcome of revoking a signing key. `secrets` are all stored secrets, including the key's.
///
/// # Errors
///
/// If the successor is needed and is not wrapped in the same way as the remaining secrets.
pub fn decide_revocation(
    keys: &[KeyRow],
    kid: &str,
    successor: &KeyRow,
    secrets: &[SecretRow],
    now: Timestamp,
) -> Result<Revocation, StoredOtherwise> {
    let Some((index, key)) = keys.iter().enumerate().find(|(_, key)| key.kid == kid) else {
        return Ok(Revocation::Unknown);
    };
    if index != signing_key(keys.iter().map(|key| key.signs_from), now) {
        return Ok(Revocation::Deleted);
    }
    let deleted = key.location();
    let staying = secrets.iter().filter(|secret| secret.location != deleted);
    check_same_wrapping(&successor.private_key, staying)?;
    Ok(Revocation::Replaced)
}

/// A secret that is to be rewrapped.
#[derive(Debug)]
pub struct Rewrapped {
    /// The row of the secret.
    pub location: SecretLocation,
    /// The secret as it was stored.
    pub before: StoredSecret,
    /// The secret as it is to be stored.
    pub after: StoredSecret,
}

impl Rewrapped {
    /// Whether it was stored in the clear and is to be encrypted.
    #[must_use]
    pub fn is_encrypted_now(&self) -> bool {
        self.before.wrapped_by().is_none() && self.after.wrapped_by().is_some()
    }

    /// Whether these are exactly the secrets that were found, in the state in which they were found.
    #[must_use]
    pub fn are_all_of(rows: &[Self], found: &[SecretRow]) -> bool {
        let is_found = |row: &Self| {
            found.iter().any(|found| found.location == row.location && found.secret == row.before)
        };
        rows.len() == found.len() && rows.iter().all(is_found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::KeyWrap;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn key(kid: &str, signs_from: i64, private_key: StoredSecret) -> KeyRow {
        let (algorithm, announced_at, signs_from) = (Algorithm::Es256, at(0), at(signs_from));
        KeyRow { kid: kid.to_owned(), algorithm, private_key, announced_at, signs_from }
    }

    fn clear() -> StoredSecret {
        StoredSecret::from_column(vec![1])
    }

    fn encrypted() -> StoredSecret {
        let name = SecretLocation::Secret { name: "refresh".to_owned() };
        KeyWrap::parse(&"07".repeat(32)).unwrap().wrap(&name, &[1]).unwrap()
    }

    fn secret_of(key: &KeyRow) -> SecretRow {
        SecretRow { location: key.location(), secret: key.private_key.clone() }
    }

    #[test]
    fn a_key_is_replaced_only_while_it_signs() {
        let keys = [key("old", 10, clear()), key("current", 20, clear()), key("next", 30, clear())];
        let secrets: Vec<_> = keys.iter().map(secret_of).collect();
        let successor = key("successor", 25, clear());

        for (kid, expected) in [
            ("old", Revocation::Deleted),
            ("current", Revocation::Replaced),
            ("next", Revocation::Deleted),
            ("other", Revocation::Unknown),
        ] {
            assert_eq!(decide_revocation(&keys, kid, &successor, &secrets, at(25)), Ok(expected), "{kid}");
        }
    }

    #[test]
    fn a_successor_is_stored_as_the_secrets_that_stay() {
        let successor = key("successor", 25, encrypted());
        let decide = |keys: &[KeyRow], kid| {
            let secrets: Vec<_> = keys.iter().map(secret_of).collect();
            decide_revocation(keys, kid, &successor, &secrets, at(25))
        };
        let (old, current) = (key("old", 10, clear()), key("current", 20, clear()));

        assert!(decide(&[old.clone(), current.clone()], "current").is_err());
        assert_eq!(decide(&[old, current.clone()], "old"), Ok(Revocation::Deleted));
        assert_eq!(decide(&[current], "current"), Ok(Revocation::Replaced));
    }

    #[test]
    fn secrets_are_stored_otherwise_only_if_they_are_all_and_as_they_were() {
        let found: Vec<_> = ["a", "b"].map(|kid| secret_of(&key(kid, 0, clear()))).into();
        let rewrap = |row: &SecretRow, before| Rewrapped {
            location: row.location.clone(),
            before,
            after: encrypted(),
        };
        let all: Vec<_> = found.iter().map(|row| rewrap(row, row.secret.clone())).collect();
        let outdated: Vec<_> = found.iter().map(|row| rewrap(row, encrypted())).collect();

        assert!(Rewrapped::are_all_of(&all, &found));
        assert!(!Rewrapped::are_all_of(&all[..1], &found));
        assert!(!Rewrapped::are_all_of(&all, &found[..1]));
        assert!(!Rewrapped::are_all_of(&outdated, &found));
        assert!(all[0].is_encrypted_now() && !outdated[0].is_encrypted_now());
    }
}
