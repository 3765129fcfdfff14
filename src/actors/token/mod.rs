//! `TokenActor`: signs and verifies tokens.
//!
//! There is one on each HTTP worker's thread, so that neither a signature nor a look into the
//! cache of verified tokens crosses threads. All share one keyring, which the maintenance actor replaces by
//! message when a key is added.

mod access;
mod actor;
mod key;
mod keyring;
mod life;
mod refresh;
mod tag;
mod try_keys;

pub use self::{
    access::{InvalidToken, VerifiedToken},
    actor::{
        DeriveCurrent, IssueTokens, NewRefreshSecret, ProposeSuccessor, PublishKeys, ReadRefreshToken,
        TokenActor, UseKeyring, VerifyAccessToken,
    },
    key::{KeyError, new_key_row},
    keyring::{Keyring, SigningSetup},
    life::{ANNOUNCEMENT_PERIOD, JWKS_MAX_AGE, KeyState, KeySummary, summarize_keys},
    refresh::{Presented, RefreshSecret, Successor},
    try_keys::try_keys,
};
use super::Unreachable;
use crate::domain::NoRandomness;

/// A token could not be made or read. The error says nothing about a presented token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The message could not be delivered or was not answered.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// No key may sign now.
    #[error("there is no signing key")]
    NoSigningKey,
    /// The version of the installation's secret from which the refresh token is derived was deleted.
    #[error("there is no secret for refresh tokens")]
    NoRefreshSecret,
    /// The system returned no random bytes for the token's identifier.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The key or the library returned an error.
    #[error("signing failed: {0}")]
    Signing(String),
}
