//! The keyring in the database: reading it at the start, and adding a key.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::{
    actors::{
        Unreachable,
        db::{Db, DbError, FindKeys, InsertKey, InsertRefreshSecret, RevokeKey},
        token::{ANNOUNCEMENT_PERIOD, KeyError, Keyring, SigningSetup, new_key_row},
    },
    domain::{
        Algorithm, Clock, Context, KeySet, KeyWrap, NoRandomness, OpenError, Random, RefreshSecretRow,
        Revocation, StoredOtherwise, Timestamp, WrapError,
    },
};

/// How long a new version of the refresh secret waits before it makes tokens. Each server looks for new
/// versions every second. A server that did not know the version yet would refuse its tokens, and the
/// client would have to log in again.
const REFRESH_ANNOUNCEMENT_PERIOD: Duration = Duration::from_mins(1);

/// The keyring could not be read or extended.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// A message to the maintenance actor or the database could not be delivered or was not answered.
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
    /// The stored secrets are wrapped in another way by now.
    #[error(transparent)]
    StoredOtherwise(#[from] StoredOtherwise),
    /// Other processes kept changing the keys.
    #[error("other processes changed the keys meanwhile, again and again")]
    Contended,
    /// The system returned no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// All versions that the version byte of a token can express are in use.
    #[error("the refresh secret has as many versions as it can have; the oldest are still in use")]
    NoVersionLeft,
}

/// How keys are made, read and replaced.
#[derive(Clone)]
pub struct KeyPolicy {
    /// The algorithm of new keys.
    pub algorithm: Algorithm,
    /// How long a key signs.
    pub lifetime: Duration,
    /// The settings of the keyring.
    pub setup: SigningSetup,
    /// The source of the current time.
    pub clock: Clock,
    /// The source of randomness.
    pub random: Random,
}

/// Reads the keyring at the start. If there is no key, or the newest is not of the configured algorithm, it
/// adds one that signs at once.
///
/// # Errors
///
/// If the database fails or holds an unusable key.
pub async fn open_keyring(db: &Db, policy: &KeyPolicy) -> Result<(KeySet, Keyring), KeyringError> {
    let context = &Context::system(policy.clock.now());
    let mut set = db.ask(FindKeys, context).await?;
    let newest = set.keys.last();
    let fits = newest.is_some_and(|key| key.algorithm == policy.algorithm);
    if !fits && policy.setup.secret_key.is_none() {
        let now = context.now;
        let newest = newest.map(|key| key.kid.clone());
        let maker = (&policy.setup.key_wrap, &policy.random);
        let key = new_key_row(policy.algorithm, maker, now, now)?;
        log::info!("made a signing key {} for {}", key.kid, policy.algorithm);
        set = db.ask(InsertKey { key, newest }, context).await??;
    }
    set = with_refresh_secret(db, policy, set, context).await?;
    let keyring = Keyring::new(&set, &policy.setup)?;
    Ok((set, keyring))
}

/// Makes a refresh secret if the database has none.
pub(super) async fn with_refresh_secret(
    db: &Db,
    policy: &KeyPolicy,
    set: KeySet,
    context: &Context,
) -> Result<KeySet, KeyringError> {
    if !set.refresh_secrets.is_empty() {
        return Ok(set);
    }
    let maker = (&policy.setup.key_wrap, &policy.random);
    let secret = new_refresh_secret(0, context.now, maker)?;
    Ok(db.ask(InsertRefreshSecret { secret, newest: None }, context).await??)
}

fn new_refresh_secret(
    version: u8,
    used_from: Timestamp,
    (key_wrap, random): (&KeyWrap, &Random),
) -> Result<RefreshSecretRow, KeyringError> {
    let value = Zeroizing::new(random.bytes::<32>()?);
    let value = key_wrap.wrap(&RefreshSecretRow::location_of(version), &*value)?;
    Ok(RefreshSecretRow { version, value, used_from })
}

/// Adds a version of the refresh secret, which makes new tokens when every server on this database knows it.
/// Tokens of older versions are still accepted.
///
/// # Errors
///
/// If no version can be made or stored.
pub async fn rotate_refresh_secret(
    db: &Db,
    context: &Context,
    maker: (&KeyWrap, &Random),
) -> Result<RefreshSecretRow, KeyringError> {
    let known = db.ask(FindKeys, context).await?.refresh_secrets;
    let newest = known.last().map(|secret| secret.version);
    let version = newest.map_or(0, |newest| newest.wrapping_add(1));
    if known.iter().any(|secret| secret.version == version) {
        return Err(KeyringError::NoVersionLeft);
    }
    let used_from = context.now + REFRESH_ANNOUNCEMENT_PERIOD;
    let secret = new_refresh_secret(version, used_from, maker)?;
    let mut after = db.ask(InsertRefreshSecret { secret, newest }, context).await??.refresh_secrets;
    let secret = after.pop().ok_or(KeyringError::NoVersionLeft)?;
    log::info!("version {} of the refresh secret makes new tokens from {used_from}", secret.version);
    Ok(secret)
}

/// Adds a key. It is announced now and signs when every verifier's copy of the old JWKS has expired or, with
/// `at_once`, immediately.
///
/// # Errors
///
/// If no key can be made or stored.
pub async fn rotate_keys(
    db: &Db,
    algorithm: Algorithm,
    at_once: bool,
    context: &Context,
    (key_wrap, random): (&KeyWrap, &Random),
) -> Result<KeySet, KeyringError> {
    let newest = db.ask(FindKeys, context).await?.keys.last().map(|key| key.kid.clone());
    let now = context.now;
    let signs_from = if at_once { now } else { now + ANNOUNCEMENT_PERIOD };
    let key = new_key_row(algorithm, (key_wrap, random), now, signs_from)?;
    log::info!("made a signing key {} for {algorithm}; it signs from {signs_from}", key.kid);
    Ok(db.ask(InsertKey { key, newest }, context).await??)
}

/// The result of `revoke_key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoked {
    /// The key was not the signing key.
    NotSigning,
    /// The key was the signing key, and the named one has replaced it.
    ReplacedBy(String),
}

/// Deletes a key. Each server checks once a second, and then refuses what the key signed. If it was the
/// signing key, a new one signs at once. `None` if there is no such key.
///
/// # Errors
///
/// If no key can be made or stored.
pub async fn revoke_key(
    db: &Db,
    kid: &str,
    context: &Context,
    (key_wrap, random): (&KeyWrap, &Random),
) -> Result<Option<Revoked>, KeyringError> {
    let keys = db.ask(FindKeys, context).await?.keys;
    let Some(key) = keys.iter().find(|key| key.kid == kid) else { return Ok(None) };
    let now = context.now;
    let successor = new_key_row(key.algorithm, (key_wrap, random), now, now)?;
    let name = successor.kid.clone();
    Ok(match db.ask(RevokeKey { kid: kid.to_owned(), successor }, context).await?? {
        Revocation::Unknown => None,
        Revocation::Deleted => Some(Revoked::NotSigning),
        Revocation::Replaced => Some(Revoked::ReplacedBy(name)),
    })
}
