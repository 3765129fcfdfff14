//! `MaintenanceActor`: the recurring work that no request waits for.
//!
//! Once a second it rotates the signing key when that is due, sends a changed keyring to the token actors
//! (whether this or another process changed it), purges a batch of ended sessions, counts rows for the
//! metrics, and tells the hash threads the highest cost of a stored hash.

mod actor;
mod keys;
mod pass;
mod purge;
mod running_count;
mod wrapping;

pub use self::{
    actor::{MaintenanceActor, RunMaintenance, Subscribe},
    keys::{KeyPolicy, KeyringError, Revoked, open_keyring, revoke_key, rotate_keys, rotate_refresh_secret},
    wrapping::{rewrap_secrets, wrap_secrets},
};
