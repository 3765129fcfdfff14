//! Tokens, their claims and the algorithms that sign them.

mod algorithm;
mod audiences;
mod claims;
mod key_life;
mod pair;
mod scope;
mod shared_secret;
mod stored_keys;

pub use self::{
    algorithm::{Algorithm, UnknownAlgorithm},
    audiences::{Audiences, ReservedAudience},
    claims::AccessTokenClaims,
    key_life::signing_key,
    pair::{AccessToken, RefreshToken, TokenPair},
    scope::{InvalidScope, Scope},
    shared_secret::{WeakSecret, check_shared_secret},
    stored_keys::{
        KeyRow, KeySet, RefreshSecretRow, Revocation, Rewrapped, SecretRow, StoredOtherwise,
        check_same_wrapping, decide_revocation,
    },
};
