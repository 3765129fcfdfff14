//! Errors of settings that flags alone do not show.

use super::SecretFileError;
use crate::domain::{InvalidEncryptionKey, ReservedAudience, WeakSecret};

/// Settings that contradict each other or are unusable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A service has the audience of administrators' tokens.
    #[error("--audience (SEKISHO_AUDIENCE): {0}")]
    Audience(#[from] ReservedAudience),
    /// The file of the HS256 key cannot be used.
    #[error("--secret-key-file (SEKISHO_SECRET_KEY_FILE): {0}")]
    SecretKeyFile(#[source] SecretFileError),
    /// The file of an encryption key cannot be used.
    #[error("{flag}: {source}")]
    EncryptionKeyFile {
        /// The flag that named the file.
        flag: &'static str,
        /// Why it cannot be used.
        source: SecretFileError,
    },
    /// The file of an encryption key contains none.
    #[error("{flag}: {path} holds no key: {source}")]
    EncryptionKey {
        /// The flag that named the file.
        flag: &'static str,
        /// The path of the file.
        path: String,
        /// The required form of a key.
        source: InvalidEncryptionKey,
    },
    /// The key can be guessed, or is published.
    #[error("--secret-key (SEKISHO_SECRET_KEY): {0}; make one with: openssl rand -base64 48")]
    PoorSecretKey(#[from] WeakSecret),
    /// The keys of other algorithms are pairs.
    #[error("--secret-key (SEKISHO_SECRET_KEY) needs --algorithm HS256 (SEKISHO_ALGORITHM)")]
    SecretKeyNeedsHs256,
}
