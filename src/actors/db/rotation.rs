//! Refresh token rotation: one message, one transaction.
//!
//! A session has one current refresh secret, of which only the hash is stored. The successor of
//! a secret is derived from it with a key of the server's and a random salt, which the row keeps
//! beside the replaced secret's hash until the grace is over. So a client that presents a secret
//! again within the grace can be given the same successor without its being stored. After the
//! grace the salt is gone, and the successor cannot be derived any more.
//! [`RefreshChain`](crate::domain::RefreshChain) decides what a presented secret is.

use actix::Message;

use super::{CoalescedMessage, DbError, DbMessage};
use crate::domain::{
    Derivation, EndReason, InvalidScope, OriginFingerprint, Scope, SecretHash, SessionId, SessionRules,
    Theft, Timestamp, User,
};

/// Exchanges a refresh secret for its successor.
#[derive(Debug)]
pub struct RotateSession {
    /// The session that the token names.
    pub id: SessionId,
    /// The presented secret's hash.
    pub presented: SecretHash,
    /// Where the request came from.
    pub from: OriginFingerprint,
    /// The hash of the secret that becomes current if the presented one is.
    pub successor: SecretHash,
    /// How that was derived from the presented one.
    pub derivation: Derivation,
    /// What the new access token shall be able to do; empty for all that the session may.
    pub requested: Scope,
    /// How long the session lives, and how long a replaced secret may be presented again.
    pub rules: SessionRules,
    /// Now.
    pub now: Timestamp,
}

/// What became of a presented refresh secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// It was current; its successor is now.
    Rotated {
        /// Whose session it is.
        user: User,
        /// What the new access token may do.
        scope: Scope,
        /// When the session was opened, which is when the password was verified.
        authenticated_at: Timestamp,
        /// When the session ends unless it is used before.
        expires_at: Timestamp,
    },
    /// It was replaced a moment ago: a retry, or a second tab. Nothing has changed.
    Replayed {
        /// Whose session it is.
        user: User,
        /// What the new access token may do; an error where more was asked for than the session may.
        scope: Result<Scope, InvalidScope>,
        /// When the session was opened, which is when the password was verified.
        authenticated_at: Timestamp,
        /// When the session ends unless it is used before.
        expires_at: Timestamp,
        /// The derivations that lead from it to the current secret, the first first; at least one.
        derivations: Vec<Derivation>,
        /// Whether it is known to have come from another network than the request that replaced it.
        elsewhere: bool,
    },
    /// It was stolen. The session has ended.
    Reused {
        /// Whose session it was.
        user: User,
        /// What gave it away.
        theft: Theft,
    },
    /// It was current, and more was asked for than the session may; nothing has changed.
    InvalidScope(InvalidScope),
    /// The session had ended before.
    Ended(EndReason),
    /// There is no such session, or its user is disabled.
    Unknown,
}

/// Exchanges refresh secrets of many callers, one after the other, in one transaction.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Result<Rotation, DbError>>, DbError>")]
pub struct RotateSessions {
    /// Whose; the answers stand in the same order.
    pub rotations: Vec<RotateSession>,
}

impl CoalescedMessage for RotateSessions {
    type Entry = RotateSession;
    type EntryAnswer = Rotation;

    fn from_entries(rotations: Vec<RotateSession>) -> Self {
        Self { rotations }
    }
}

impl DbMessage for RotateSessions {
    type Answer = Vec<Result<Rotation, DbError>>;
}
