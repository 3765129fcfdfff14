//! Why the program did not start, or ended.

use std::{io, net::SocketAddr};

use super::InheritedSocketError;
use crate::{
    actors::{
        db::{DbError, sqlite::StartError},
        maintenance::KeyringError,
        password::PasswordError,
    },
    config::ConfigError,
    domain::NoRandomness,
};

/// Why Sekisho did not start or failed, in one line.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Two settings contradict each other.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] StartError),
    /// The database was opened but cannot be read.
    #[error("cannot read the database: {0}")]
    Read(DbError),
    /// The keys cannot be used.
    #[error("cannot open the keyring: {0}")]
    Keyring(#[from] KeyringError),
    /// The hash threads cannot start.
    #[error("cannot start the hash threads: {0}")]
    Password(#[from] PasswordError),
    /// The throttle cannot start.
    #[error("cannot start the throttle: {0}")]
    Throttle(#[from] NoRandomness),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        source: io::Error,
    },
    /// The socket that the service manager passed cannot be used.
    #[error(transparent)]
    Inherited(#[from] InheritedSocketError),
    /// The server failed while it ran, or the system refused a signal handler.
    #[error("the server failed: {0}")]
    Server(#[from] io::Error),
    /// The database could not be closed.
    #[error("cannot close the database: {0}")]
    Close(#[from] DbError),
}
