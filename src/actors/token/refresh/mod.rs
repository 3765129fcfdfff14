//! Refresh tokens, which are opaque to clients.
//!
//! A token is `base64url(version ‖ session ‖ secret ‖ tag)`: the version of the installation's secret from
//! which it is derived (a byte), the session's number (8 bytes), the secret (32 bytes: from the operating
//! system at login, later derived from its predecessor), and the first 16 bytes of an HMAC over the rest. The
//! number finds the row, so no index on hashes has to follow each refresh. The tag distinguishes an old token
//! of Sekisho's from a guess, because a guess must not be able to end a session as a stolen token does.
//!
//! Tokens from before there were versions are a byte shorter, and of version 0.

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest, hmac};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::domain::{
    Derivation, KeyWrap, OpenError, RefreshSecretRow, RefreshToken, Salt, SecretHash, SessionId, Timestamp,
};

const VERSION: usize = 1;
const SESSION: usize = 8;
const SECRET: usize = 32;
const TAG: usize = 16;
const TOKEN: usize = VERSION + SESSION + SECRET + TAG;
const TOKEN_WITHOUT_VERSION: usize = TOKEN - VERSION;

/// The format of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenFormat {
    /// With the version of the installation's secret.
    Version(u8),
    /// As Sekisho wrote tokens before the secret had versions. A secret that was derived then keeps this
    /// format, so that a retry after an upgrade gets the same token as the first answer.
    WithoutVersion,
}

impl TokenFormat {
    const fn version(self) -> u8 {
        match self {
            Self::Version(version) => version,
            Self::WithoutVersion => 0,
        }
    }
}

/// The secret part of a refresh token: 256 bits, and the version of the installation's secret from which the
/// token is derived.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RefreshSecret {
    bytes: [u8; SECRET],
    #[zeroize(skip)]
    format: TokenFormat,
}

impl std::fmt::Debug for RefreshSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshSecret(…)")
    }
}

impl RefreshSecret {
    /// The hash of the secret, as it is stored.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        let mut hash = [0; digest::SHA256_OUTPUT_LEN];
        hash.copy_from_slice(digest::digest(&digest::SHA256, &self.bytes).as_ref());
        SecretHash(hash)
    }

    /// The version of the installation's secret from which its token is derived.
    #[must_use]
    pub const fn version(&self) -> u8 {
        self.format.version()
    }
}

/// A refresh token that Sekisho issued, current or replaced.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The session that the token names.
    pub session_id: SessionId,
    /// The secret of the token.
    pub secret: RefreshSecret,
}

/// The possible successor of a presented secret.
#[derive(Debug, Clone)]
pub struct Successor {
    /// The successor.
    pub secret: RefreshSecret,
    /// The derivation of the successor.
    pub derivation: Derivation,
}

/// A version of the installation's secret, from which other keys are derived.
pub(super) struct SecretVersion {
    pub(super) version: u8,
    pub(super) value: Zeroizing<Vec<u8>>,
    /// The time from which it makes new tokens.
    pub(super) used_from: Timestamp,
}

impl SecretVersion {
    /// Reads a version from its row.
    pub(super) fn open(row: &RefreshSecretRow, key_wrap: &KeyWrap) -> Result<Self, OpenError> {
        let value = key_wrap.open(&row.location(), &row.value)?;
        Ok(Self { version: row.version, value, used_from: row.used_from })
    }
}

/// The keys that derive and tag, for each version of the installation's secret.
#[derive(Clone)]
pub(super) struct RefreshKeys {
    /// In the order in which they begin to make new tokens.
    versions: Vec<VersionKeys>,
}

#[derive(Clone)]
struct VersionKeys {
    version: u8,
    used_from: Timestamp,
    derive: hmac::Key,
    tag: hmac::Key,
}

impl RefreshKeys {
    /// Derives the keys from the versions of the installation's secret.
    pub(super) fn new(versions: &[SecretVersion]) -> Self {
        Self { versions: versions.iter().map(VersionKeys::new).collect() }
    }

    /// The keys that make new tokens now. If the clock was set back before all of them, the first.
    fn newest(&self, now: Timestamp) -> Option<&VersionKeys> {
        self.versions.iter().rfind(|keys| keys.used_from <= now).or_else(|| self.versions.first())
    }

    fn of_version(&self, version: u8) -> Option<&VersionKeys> {
        self.versions.iter().find(|keys| keys.version == version)
    }

    /// A session's first secret; `None` if there is no installation secret.
    pub(super) fn first(&self, random: [u8; SECRET], now: Timestamp) -> Option<RefreshSecret> {
        let format = TokenFormat::Version(self.newest(now)?.version);
        Some(RefreshSecret { bytes: random, format })
    }

    /// The successor of a presented secret; `None` if there is no installation secret.
    pub(super) fn propose(&self, presented: &Presented, salt: Salt, now: Timestamp) -> Option<Successor> {
        let derivation = Derivation { version: self.newest(now)?.version, salt: Some(salt) };
        let secret = self.derive(presented.session_id, &presented.secret, &[derivation])?;
        Some(Successor { secret, derivation })
    }

    /// The secret to which a sequence of derivations leads; `None` if one is by a deleted version.
    pub(super) fn derive(
        &self,
        session_id: SessionId,
        secret: &RefreshSecret,
        derivations: &[Derivation],
    ) -> Option<RefreshSecret> {
        derivations.iter().try_fold(secret.clone(), |secret, derivation| {
            Some(self.of_version(derivation.version)?.derive(session_id, &secret, derivation))
        })
    }

    /// Writes the token of a session; `None` if its version was deleted.
    pub(super) fn write(&self, session_id: SessionId, secret: &RefreshSecret) -> Option<RefreshToken> {
        let keys = self.of_version(secret.version())?;
        let mut token = Zeroizing::new(Vec::with_capacity(TOKEN));
        if let TokenFormat::Version(version) = secret.format {
            token.push(version);
        }
        token.extend(session_id.0.to_be_bytes());
        token.extend(secret.bytes);
        let tag = keys.tag_of(&token);
        token.extend(tag);
        Some(RefreshToken::new(BASE64_URL_SAFE_NO_PAD.encode(&*token)))
    }

    /// Reads a token; `None` if Sekisho did not issue it.
    pub(super) fn read(&self, token: &RefreshToken) -> Option<Presented> {
        let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(token.expose()).ok()?);
        let format = match (bytes.len(), bytes.first()) {
            (TOKEN, Some(version)) => TokenFormat::Version(*version),
            (TOKEN_WITHOUT_VERSION, _) => TokenFormat::WithoutVersion,
            _ => return None,
        };
        let (body, tag) = bytes.split_last_chunk::<TAG>()?;
        verify_slices_are_equal(&self.of_version(format.version())?.tag_of(body), tag).ok()?;
        let (rest, secret) = body.split_last_chunk()?;
        let (_, session) = rest.split_last_chunk()?;
        let secret = RefreshSecret { bytes: *secret, format };
        Some(Presented { session_id: SessionId(i64::from_be_bytes(*session)), secret })
    }
}

impl VersionKeys {
    fn new(SecretVersion { version, value, used_from }: &SecretVersion) -> Self {
        // Not HKDF: another derivation would make other keys, and refuse every live refresh token.
        let root = hmac::Key::new(hmac::HMAC_SHA256, value);
        let key = |purpose: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, purpose).as_ref());
        Self {
            version: *version,
            used_from: *used_from,
            derive: key(b"refresh token successor"),
            tag: key(b"refresh token tag"),
        }
    }

    fn derive(
        &self,
        session_id: SessionId,
        secret: &RefreshSecret,
        derivation: &Derivation,
    ) -> RefreshSecret {
        let mut context = hmac::Context::with_key(&self.derive);
        context.update(&session_id.0.to_be_bytes());
        context.update(&secret.bytes);
        let format = match derivation.salt {
            Some(Salt(salt)) => {
                context.update(&salt);
                TokenFormat::Version(self.version)
            }
            None => TokenFormat::WithoutVersion,
        };
        let mut bytes = [0; SECRET];
        bytes.copy_from_slice(context.sign().as_ref());
        RefreshSecret { bytes, format }
    }

    fn tag_of(&self, body: &[u8]) -> [u8; TAG] {
        let mut tag = [0; TAG];
        for (byte, whole) in tag.iter_mut().zip(hmac::sign(&self.tag, body).as_ref()) {
            *byte = *whole;
        }
        tag
    }
}

#[cfg(test)]
mod tests;
