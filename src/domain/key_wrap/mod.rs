//! How readable secrets are stored: wrapped by an encryption key that is not in the database or, without one,
//! in the clear.
//!
//! A wrapped secret is `mark ‖ key id ‖ nonce ‖ ciphertext ‖ tag` (8, 8, 12, n and 16 bytes), sealed with
//! AES-256-GCM. The mark, the key's id and the [`SecretLocation`] are its associated data, so that a value
//! that was moved to another row is refused like one that was changed.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    digest,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use super::Algorithm;

/// The beginning of a wrapped secret; the last byte is the version of the format. No PKCS #8 key begins like
/// this, and a random secret does with a probability of 2⁻⁶⁴.
const MARK: [u8; 8] = *b"wrapped\x01";

const KEY: usize = 32;
const KEY_ID: usize = 8;
const HEADER: usize = MARK.len() + KEY_ID;

/// Identifies the encryption key that wrapped a secret: the first 64 bits of a hash of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; KEY_ID]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The row of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretLocation {
    /// The private key of a signing key.
    SigningKey {
        /// The id of the key.
        kid: String,
        /// The algorithm of the key.
        algorithm: Algorithm,
    },
    /// A secret of the installation.
    Secret {
        /// The name of the secret.
        name: String,
    },
}

impl SecretLocation {
    /// Table, column, primary key, and any other property of the bytes.
    fn fields(&self) -> [&str; 4] {
        match self {
            Self::SigningKey { kid, algorithm } => ["signing_keys", "private_key", kid, algorithm.as_str()],
            Self::Secret { name } => ["secrets", "value", name, ""],
        }
    }
}

impl fmt::Display for SecretLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SigningKey { kid, .. } => write!(f, "the signing key {kid}"),
            Self::Secret { name } => write!(f, "the secret {name}"),
        }
    }
}

/// A secret as its column contains it. Only [`KeyWrap`] makes one from a secret, and reads it back.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret(Zeroizing<Vec<u8>>);

impl fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.wrapped_by() {
            Some(id) => write!(f, "StoredSecret(wrapped by {id})"),
            None => f.write_str("StoredSecret(in the clear)"),
        }
    }
}

impl StoredSecret {
    /// Wraps the content of a column. Only the database uses it: a secret that is to be stored goes through
    /// [`KeyWrap::wrap`].
    #[must_use]
    pub fn from_column(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The content of the column.
    #[must_use]
    pub fn as_column(&self) -> &[u8] {
        &self.0
    }

    /// The key that wrapped it; `None` for a secret in the clear.
    #[must_use]
    pub fn wrapped_by(&self) -> Option<KeyId> {
        let id = self.0.strip_prefix(&MARK)?.get(..KEY_ID)?;
        Some(KeyId(id.try_into().ok()?))
    }
}

/// A text that is not an encryption key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one line of 32 random bytes in base64 or hex (openssl rand -base64 32)")]
pub struct InvalidEncryptionKey;

/// A secret could not be wrapped: the cryptographic module failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret could not be encrypted")]
pub struct WrapError;

/// The way out if the key is lost.
const LOST_KEY: &str = " (if that key is lost, `sekisho backup` and `sekisho restore` keep the accounts, and all users \
                        log in again)";

/// Why a stored secret cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is wrapped, and no encryption key is configured.
    #[error(
        "{location} is encrypted with the key {wrapped_by}: give the file with --encryption-key-file{LOST_KEY}"
    )]
    KeyMissing {
        /// The row of the secret.
        location: SecretLocation,
        /// The key that wrapped it.
        wrapped_by: KeyId,
    },
    /// It is wrapped by a key other than the configured one.
    #[error(
        "{location} is encrypted with the key {wrapped_by}, and --encryption-key-file holds {given}{LOST_KEY}"
    )]
    OtherKey {
        /// The row of the secret.
        location: SecretLocation,
        /// The key that wrapped it.
        wrapped_by: KeyId,
        /// The configured key.
        given: KeyId,
    },
    /// An encryption key is configured, and the secret is in the clear.
    #[error("{location} is not encrypted, and --encryption-key-file says that it should be")]
    InTheClear {
        /// The row of the secret.
        location: SecretLocation,
    },
    /// It was changed, or moved to this row from another.
    #[error("{location} is damaged: it is not what was encrypted for this row")]
    Damaged {
        /// The row of the secret.
        location: SecretLocation,
    },
}

/// How this installation stores its secrets.
#[derive(Clone, Default)]
pub struct KeyWrap(Option<Arc<EncryptionKey>>);

struct EncryptionKey {
    id: KeyId,
    /// The cipher draws its nonces itself. They are no parameter, because a repeated nonce would reveal the
    /// key.
    cipher: RandomizedNonceKey,
}

impl fmt::Debug for KeyWrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key_id() {
            Some(id) => write!(f, "KeyWrap({id})"),
            None => f.write_str("KeyWrap(in the clear)"),
        }
    }
}

impl KeyWrap {
    /// Stores secrets in the clear.
    #[must_use]
    pub const fn in_the_clear() -> Self {
        Self(None)
    }

    /// Wraps secrets with a key of 32 bytes, in base64 or hex.
    ///
    /// # Errors
    ///
    /// If the text is not such a key.
    pub fn parse(text: &str) -> Result<Self, InvalidEncryptionKey> {
        let key = decode(text).ok_or(InvalidEncryptionKey)?;
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, &*key).map_err(|_| InvalidEncryptionKey)?;
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"sekisho encryption key id");
        context.update(&*key);
        let mut id = [0; KEY_ID];
        for (byte, hashed) in id.iter_mut().zip(context.finish().as_ref()) {
            *byte = *hashed;
        }
        Ok(Self(Some(Arc::new(EncryptionKey { id: KeyId(id), cipher }))))
    }

    /// The id of the key that wraps; `None` if secrets are stored in the clear.
    #[must_use]
    pub fn key_id(&self) -> Option<KeyId> {
        self.0.as_ref().map(|key| key.id)
    }

    /// Turns a secret into the content of its column.
    ///
    /// # Errors
    ///
    /// If the cryptographic module fails, for instance because it gets no randomness.
    pub fn wrap(&self, location: &SecretLocation, secret: &[u8]) -> Result<StoredSecret, WrapError> {
        let Some(key) = &self.0 else {
            return Ok(StoredSecret::from_column(secret.to_vec()));
        };
        let header = [&MARK[..], &key.id.0].concat();
        // Room for the tag as well: a buffer that grew would leave a copy of the secret behind.
        let mut sealed = Zeroizing::new(Vec::with_capacity(secret.len() + AES_256_GCM.tag_len()));
        sealed.extend_from_slice(secret);
        let nonce = key
            .cipher
            .seal_in_place_append_tag(Aad::from(associated_data(&header, location)), &mut *sealed)
            .map_err(|_| WrapError)?;
        Ok(StoredSecret::from_column([&header, &nonce.as_ref()[..], &sealed].concat()))
    }

    /// Reads the secret of a row.
    ///
    /// # Errors
    ///
    /// If it is not wrapped as this installation wraps secrets, or is damaged.
    pub fn open(
        &self,
        location: &SecretLocation,
        stored: &StoredSecret,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        match (&self.0, stored.wrapped_by()) {
            (None, None) => Ok(stored.0.clone()),
            (None, Some(wrapped_by)) => Err(OpenError::KeyMissing { location: location.clone(), wrapped_by }),
            (Some(_), None) => Err(OpenError::InTheClear { location: location.clone() }),
            (Some(key), Some(wrapped_by)) if wrapped_by != key.id => {
                Err(OpenError::OtherKey { location: location.clone(), wrapped_by, given: key.id })
            }
            (Some(key), Some(_)) => key
                .open(location, stored.as_column())
                .ok_or_else(|| OpenError::Damaged { location: location.clone() }),
        }
    }
}

impl EncryptionKey {
    fn open(&self, location: &SecretLocation, wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (header, rest) = wrapped.split_at_checked(HEADER)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut secret = Zeroizing::new(sealed.to_vec());
        let aad = Aad::from(associated_data(header, location));
        let length = self.cipher.open_in_place(nonce, aad, &mut secret).ok()?.len();
        secret.truncate(length);
        Some(secret)
    }
}

/// Each field with its length, so that no two rows have the same bytes.
fn associated_data(header: &[u8], location: &SecretLocation) -> Vec<u8> {
    let mut data = header.to_vec();
    for field in location.fields() {
        data.extend_from_slice(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        data.extend_from_slice(field.as_bytes());
    }
    data
}

/// Decodes into buffers that are wiped and never grow.
fn decode(text: &str) -> Option<Zeroizing<[u8; KEY]>> {
    let mut key = Zeroizing::new([0; KEY]);
    if text.len() == 2 * KEY {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (pairs, _) = text.as_bytes().as_chunks::<2>();
        for (byte, &[high, low]) in key.iter_mut().zip(pairs) {
            *byte = (digit(high)? << 4) | digit(low)?;
        }
        return Some(key);
    }
    let mut bytes = Zeroizing::new([0; 2 * KEY]);
    let length = BASE64_STANDARD.decode_slice(text, &mut *bytes).ok()?;
    key.copy_from_slice(bytes.get(..length).filter(|bytes| bytes.len() == KEY)?);
    Some(key)
}

#[cfg(test)]
mod tests;
