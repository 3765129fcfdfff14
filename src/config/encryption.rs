//! The key that encrypts the secrets in the database.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{ConfigError, file_access::read_secret_file};
use crate::domain::KeyWrap;

/// The encryption key's flag, for the server and the commands that read secrets.
#[derive(Debug, Clone, Args)]
pub struct EncryptionArgs {
    /// A file with the key (32 bytes in base64 or hex) that encrypts private keys and secrets in the database
    #[arg(long = "encryption-key-file", env = "SEKISHO_ENCRYPTION_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

impl EncryptionArgs {
    /// Reads the key, if one is configured.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, other users can read it, or it contains no key.
    pub fn key_wrap(&self) -> Result<KeyWrap, ConfigError> {
        match &self.key_file {
            None => Ok(KeyWrap::in_the_clear()),
            Some(path) => read_key_wrap(path, "--encryption-key-file (SEKISHO_ENCRYPTION_KEY_FILE)"),
        }
    }
}

/// Reads an encryption key from the file that `flag` names.
///
/// # Errors
///
/// If the file cannot be read, other users can read it, or it contains no key.
pub fn read_key_wrap(path: &Path, flag: &'static str) -> Result<KeyWrap, ConfigError> {
    let text = read_secret_file(path).map_err(|source| ConfigError::EncryptionKeyFile { flag, source })?;
    let invalid = |source| ConfigError::EncryptionKey { flag, path: path.display().to_string(), source };
    KeyWrap::parse(&text).map_err(invalid)
}
