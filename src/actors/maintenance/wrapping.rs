//! Bringing the secrets in the database under an encryption key, or under another one.

use super::keys::KeyringError;
use crate::{
    actors::db::{Db, FindSecretRows, ReplaceSecretRows},
    domain::{KeyWrap, Rewrapped, SecretRow, StoredSecret},
};

/// How often it is tried again when another process adds or deletes a key meanwhile.
const ATTEMPTS: usize = 10;

/// Wraps the secrets of a database that has none under an encryption key yet, where there is one, and says
/// how many they were.
///
/// Where one is wrapped already, all are, and whichever key did it, they stay as they are. One that stands
/// in the clear beside them was not written by Sekisho: it stays as it is, and reading it fails.
///
/// # Errors
///
/// When the database fails.
pub async fn wrap_secrets(db: &Db, key_wrap: &KeyWrap) -> Result<usize, KeyringError> {
    if key_wrap.key_id().is_none() {
        return Ok(0);
    }
    let is_wrapped = |row: &SecretRow| row.secret.wrapped_by().is_some();
    if db.ask(FindSecretRows).await?.iter().any(is_wrapped) {
        return Ok(0);
    }
    let wrap = |row: &SecretRow| match row.secret.wrapped_by() {
        None => rewrapped(row, &KeyWrap::in_the_clear(), key_wrap),
        Some(_) => Ok(row.secret.clone()),
    };
    replace_secrets(db, wrap).await
}

/// Stores every secret as `to` does, which `from` has stored, and says how many they were.
///
/// # Errors
///
/// When `from` cannot read one of them, or the database fails; nothing is changed then.
pub async fn rewrap_secrets(db: &Db, from: &KeyWrap, to: &KeyWrap) -> Result<usize, KeyringError> {
    replace_secrets(db, |row| rewrapped(row, from, to)).await
}

fn rewrapped(row: &SecretRow, from: &KeyWrap, to: &KeyWrap) -> Result<StoredSecret, KeyringError> {
    let secret = from.open(&row.location, &row.secret)?;
    let after = to.wrap(&row.location, &secret)?;
    // What cannot be read again must not replace what can.
    to.open(&row.location, &after)?;
    Ok(after)
}

async fn replace_secrets(
    db: &Db,
    rewrap: impl Fn(&SecretRow) -> Result<StoredSecret, KeyringError>,
) -> Result<usize, KeyringError> {
    for _ in 0..ATTEMPTS {
        let rows = db.ask(FindSecretRows).await?.into_iter().map(|row| {
            let after = rewrap(&row)?;
            Ok(Rewrapped { location: row.location, before: row.secret, after })
        });
        let rows = rows.collect::<Result<Vec<_>, KeyringError>>()?;
        let changed = rows.iter().filter(|row| row.before != row.after).count();
        if changed == 0 || db.ask(ReplaceSecretRows { rows }).await? {
            return Ok(changed);
        }
    }
    Err(KeyringError::Contended)
}
