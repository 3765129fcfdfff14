//! Refresh token rotation: one message, one transaction.
//!
//! A session has one current refresh secret, of which only the hash is stored. The successor of a secret is
//! derived from it with a key of the installation and a random salt. The row keeps the salt beside the
//! replaced secret's hash until the grace period is over. So a client that presents a secret again within the
//! grace period gets the same successor, although it is not stored. After the grace period the salt is
//! deleted, and the successor can no longer be derived. [`StoredSession`](crate::domain::StoredSession)
//! decides what becomes of the session.

use super::{CoalescedMessage, DbError, DbMessage, Request};
use crate::domain::{RefreshAttempt, Rotation, SessionId};

/// Exchanges a session's refresh secret for its successor.
#[derive(Debug)]
pub struct RotateSession {
    /// The session that the token names.
    pub id: SessionId,
    /// The presented secret and its successor.
    pub attempt: RefreshAttempt,
}

/// Exchanges the refresh secrets of many callers, one after the other, in one transaction.
#[derive(Debug)]
pub struct RotateSessions {
    /// The refreshes, each in its own context. The answers are in the same order.
    pub rotations: Vec<Request<RotateSession>>,
}

impl CoalescedMessage for RotateSessions {
    type Entry = Request<RotateSession>;
    type EntryAnswer = Rotation;

    fn from_entries(rotations: Vec<Request<RotateSession>>) -> Self {
        Self { rotations }
    }
}

impl DbMessage for RotateSessions {
    type Answer = Vec<Result<Rotation, DbError>>;
}
