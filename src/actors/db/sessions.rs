//! Sessions: opening, finding, listing, ending and purging them.

use super::{CoalescedMessage, DbError, DbMessage};
use crate::domain::{
    EndReason, PasswordVersion, Scope, SecretHash, Session, SessionId, Timestamp, User, UserId,
};

/// Opens a session for a user whose password was just verified. If the account then has more live
/// sessions than [`Session::MAX_LIVE`], those that were not used for the longest time end. Ended sessions
/// that no query reads any more are deleted.
#[derive(Debug)]
pub struct OpenSession {
    /// Whose.
    pub user_id: UserId,
    /// The password that was verified. A password changed or an account disabled since then opens no
    /// session.
    pub expected: PasswordVersion,
    /// The first refresh secret's hash.
    pub refresh_hash: SecretHash,
    /// The version of the installation's secret that the first token is made with.
    pub refresh_version: u8,
    /// What its tokens may do at most.
    pub scope: Scope,
    /// When it ends unless its refresh token is used before.
    pub expires_at: Timestamp,
}

impl DbMessage for OpenSession {
    type Answer = Option<SessionId>;
}

/// A token's user and session: what must be alive for the token to be worth anything.
#[derive(Debug, Clone, Copy)]
pub struct SessionLookup {
    /// The token's `uid`.
    pub user_id: UserId,
    /// The token's `sid`.
    pub session_id: SessionId,
}

/// Finds the users of live sessions: the one question behind every authenticated request. `None`
/// stands where the session has ended, or its user is disabled or deleted.
#[derive(Debug)]
pub struct FindActiveUsers {
    /// Whose sessions; the answers stand in the same order.
    pub keys: Vec<SessionLookup>,
}

impl CoalescedMessage for FindActiveUsers {
    type Entry = SessionLookup;
    type EntryAnswer = Option<User>;

    fn from_entries(keys: Vec<SessionLookup>) -> Self {
        Self { keys }
    }
}

impl DbMessage for FindActiveUsers {
    type Answer = Vec<Result<Option<User>, DbError>>;
}

/// Lists a user's sessions, the newest first, at most [`ListSessions::MAX_SESSIONS`].
#[derive(Debug)]
pub struct ListSessions {
    /// Whose.
    pub user_id: UserId,
    /// Whether those that ended, and were not purged yet, are listed too.
    pub with_ended: bool,
}

impl ListSessions {
    /// The most sessions that are listed.
    pub const MAX_SESSIONS: i64 = 200;
}

impl DbMessage for ListSessions {
    type Answer = Vec<Session>;
}

/// Ends one session; `false` where there is none alive of that number (and that user).
#[derive(Debug)]
pub struct EndSession {
    /// Which.
    pub id: SessionId,
    /// Whose it must be; `None` for anybody's.
    pub owner: Option<UserId>,
    /// Why.
    pub reason: EndReason,
}

impl DbMessage for EndSession {
    type Answer = bool;
}

/// Ends a user's sessions and says how many; `None` where there is no such user.
#[derive(Debug)]
pub struct EndUserSessions {
    /// Whose.
    pub user_id: UserId,
    /// The one that goes on.
    pub except: Option<SessionId>,
    /// Why.
    pub reason: EndReason,
}

impl DbMessage for EndUserSessions {
    type Answer = Option<usize>;
}
