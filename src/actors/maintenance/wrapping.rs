//! Wrapping the secrets in the database with an encryption key, or with another one.

use super::keys::KeyringError;
use crate::{
    actors::db::{Db, FindSecretRows, ReplaceSecretRows},
    domain::{Context, KeyWrap, Rewrapped, SecretRow, StoredSecret},
};

/// How often to try again when another process adds or deletes a key meanwhile.
const ATTEMPTS: usize = 10;

/// Wraps the secrets of a database in which none is wrapped yet, if there is an encryption key, and returns
/// how many there were.
///
/// If one secret is wrapped already, whichever key did it, all of them stay as they are. A secret in the
/// clear beside wrapped ones was not written by Sekisho: it stays as it is, and reading it fails.
///
/// # Errors
///
/// If the database fails.
pub async fn wrap_secrets(db: &Db, key_wrap: &KeyWrap, context: &Context) -> Result<usize, KeyringError> {
    if key_wrap.key_id().is_none() {
        return Ok(0);
    }
    let is_wrapped = |row: &SecretRow| row.secret.wrapped_by().is_some();
    if db.ask(FindSecretRows, context).await?.iter().any(is_wrapped) {
        return Ok(0);
    }
    let wrap = |row: &SecretRow| match row.secret.wrapped_by() {
        None => rewrapped(row, &KeyWrap::in_the_clear(), key_wrap),
        Some(_) => Ok(row.secret.clone()),
    };
    replace_secrets(db, wrap, context).await
}

/// Rewraps every secret from `from` to `to`, and returns how many there were.
///
/// # Errors
///
/// If `from` cannot read one of them, or the database fails. Nothing is changed then.
pub async fn rewrap_secrets(
    db: &Db,
    from: &KeyWrap,
    to: &KeyWrap,
    context: &Context,
) -> Result<usize, KeyringError> {
    replace_secrets(db, |row| rewrapped(row, from, to), context).await
}

fn rewrapped(row: &SecretRow, from: &KeyWrap, to: &KeyWrap) -> Result<StoredSecret, KeyringError> {
    let secret = from.open(&row.location, &row.secret)?;
    let after = to.wrap(&row.location, &secret)?;
    // An unreadable value must not replace a readable one.
    to.open(&row.location, &after)?;
    Ok(after)
}

async fn replace_secrets(
    db: &Db,
    rewrap: impl Fn(&SecretRow) -> Result<StoredSecret, KeyringError>,
    context: &Context,
) -> Result<usize, KeyringError> {
    for _ in 0..ATTEMPTS {
        let rows = db.ask(FindSecretRows, context).await?.into_iter().map(|row| {
            let after = rewrap(&row)?;
            Ok(Rewrapped { location: row.location, before: row.secret, after })
        });
        let rows = rows.collect::<Result<Vec<_>, KeyringError>>()?;
        let changed = rows.iter().filter(|row| row.before != row.after).count();
        if changed == 0 || db.ask(ReplaceSecretRows { rows }, context).await? {
            return Ok(changed);
        }
    }
    Err(KeyringError::Contended)
}
