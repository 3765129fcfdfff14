//! The keyring in the database: reading it at the start, and adding a key.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::{
    actors::{
        Handle, Unreachable,
        db::{
            DbActor, DbError, FindKeys, FindSecret, InsertKey, KeySet, Revocation, RevokeKey, StoredOtherwise,
        },
        token::{ANNOUNCE, KeyError, Keyring, RefreshKeys, SigningSetup, TagKey, new_key_row},
    },
    domain::{Algorithm, Clock, KeyWrap, NoRandomness, OpenError, Place, Random, WrapError},
};

/// The keyring could not be read or extended.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The keeper could not be asked.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A key is unusable.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A secret cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A secret cannot be encrypted.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// The other secrets are stored otherwise by now.
    #[error(transparent)]
    StoredOtherwise(#[from] StoredOtherwise),
    /// Other processes go on changing the keys.
    #[error("other processes changed the keys meanwhile, again and again")]
    Contended,
    /// No random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// How keys are made, read and replaced.
#[derive(Clone)]
pub struct KeyPolicy {
    /// What signs.
    pub algorithm: Algorithm,
    /// How long one key signs.
    pub lifetime: Duration,
    /// What the keyring is made with.
    pub setup: SigningSetup,
    /// The time.
    pub clock: Clock,
    /// The randomness.
    pub random: Random,
}

/// Reads the keyring at the start. Where the newest key is not of the configured algorithm, or
/// there is none, a new one signs from now on.
///
/// # Errors
///
/// When the database fails or holds a key that is none.
pub async fn open_keyring(
    db: &Handle<DbActor>,
    policy: &KeyPolicy,
) -> Result<(KeySet, Keyring), KeyringError> {
    let mut set = db.ask(FindKeys).await?;
    let newest = set.keys.last();
    let fits = newest.is_some_and(|key| key.algorithm == policy.algorithm);
    if !fits && policy.setup.secret_key.is_none() {
        let now = policy.clock.now();
        let newest = newest.map(|key| key.kid.clone());
        let maker = (&policy.setup.key_wrap, &policy.random);
        let key = new_key_row(policy.algorithm, maker, now, now)?;
        log::info!("made a signing key {} for {}", key.kid, policy.algorithm);
        set = db.ask(InsertKey { key, newest }).await??;
    }
    let keyring = read_keyring(db, policy, &set).await?;
    Ok((set, keyring))
}

pub(super) async fn read_keyring(
    db: &Handle<DbActor>,
    policy: &KeyPolicy,
    set: &KeySet,
) -> Result<Keyring, KeyringError> {
    let (name, key_wrap) = ("refresh", &policy.setup.key_wrap);
    let place = Place::Secret { name: name.to_owned() };
    let fresh = key_wrap.wrap(&place, &*Zeroizing::new(policy.random.bytes::<32>()?))?;
    let stored = db.ask(FindSecret { name, fresh }).await??;
    let secret = key_wrap.open(&place, &stored)?;
    Ok(Keyring::new(set, &policy.setup, RefreshKeys::new(&secret), TagKey::new(&secret))?)
}

/// Adds a key: announced now and signing when every verifier's copy of the old JWKS has expired,
/// or, with `at_once`, signing now.
///
/// # Errors
///
/// When no key can be made or stored.
pub async fn rotate_keys(
    db: &Handle<DbActor>,
    algorithm: Algorithm,
    at_once: bool,
    clock: &Clock,
    (key_wrap, random): (&KeyWrap, &Random),
) -> Result<KeySet, KeyringError> {
    let newest = db.ask(FindKeys).await?.keys.last().map(|key| key.kid.clone());
    let now = clock.now();
    let signs_from = if at_once { now } else { now + ANNOUNCE };
    let key = new_key_row(algorithm, (key_wrap, random), now, signs_from)?;
    log::info!("made a signing key {} for {algorithm}; it signs from {signs_from}", key.kid);
    Ok(db.ask(InsertKey { key, newest }).await??)
}

/// What `revoke_key` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoked {
    /// The key did not sign.
    NotSigning,
    /// The key signed, and this one does from now on.
    ReplacedBy(String),
}

/// Deletes a key: what it signed is refused as soon as each server looks, which they do every second.
/// Where it is the key that signs, a new one signs at once. `None` where there is no such key.
///
/// # Errors
///
/// When no key can be made or stored.
pub async fn revoke_key(
    db: &Handle<DbActor>,
    kid: &str,
    clock: &Clock,
    (key_wrap, random): (&KeyWrap, &Random),
) -> Result<Option<Revoked>, KeyringError> {
    let keys = db.ask(FindKeys).await?.keys;
    let Some(key) = keys.iter().find(|key| key.kid == kid) else { return Ok(None) };
    let now = clock.now();
    let successor = new_key_row(key.algorithm, (key_wrap, random), now, now)?;
    let name = successor.kid.clone();
    Ok(match db.ask(RevokeKey { kid: kid.to_owned(), successor, now }).await?? {
        Revocation::Unknown => None,
        Revocation::Deleted => Some(Revoked::NotSigning),
        Revocation::Replaced => Some(Revoked::ReplacedBy(name)),
    })
}
