//! Sessions: a session is one login on one device.

mod record;
mod refresh_chain;
mod rotation;
mod rules;

pub use self::{
    record::{EndReason, Session, SessionId, UnendedSession, surplus_sessions},
    refresh_chain::{
        Derivation, OriginFingerprint, Presentation, RefreshChain, Salt, SecretHash, Theft, UnknownFormat,
    },
    rotation::{RefreshAttempt, Rotation, SessionChange, StoredSession},
    rules::{EarlierUses, SessionRules},
};
