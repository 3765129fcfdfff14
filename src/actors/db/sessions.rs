//! Sessions: opening, finding, listing and ending them.

use super::{CoalescedMessage, DbError, DbMessage};
use crate::domain::{
    EndReason, PasswordVersion, Scope, SecretHash, Session, SessionId, Timestamp, User, UserId,
};

/// Opens a session for a user whose password was just verified. If the account then has more live
/// sessions than [`Session::MAX_LIVE`], those that were not used for the longest time end. Ended sessions
/// that no query reads any more are deleted.
#[derive(Debug)]
pub struct OpenSession {
    /// The user.
    pub user_id: UserId,
    /// The password that was verified. If the password was changed or the account disabled since then, no
    /// session is opened.
    pub expected: PasswordVersion,
    /// The first refresh secret's hash.
    pub refresh_hash: SecretHash,
    /// The version of the installation's secret from which the first token is derived.
    pub refresh_version: u8,
    /// The widest scope of its tokens.
    pub scope: Scope,
    /// When it expires unless its refresh token is used before.
    pub expires_at: Timestamp,
}

impl DbMessage for OpenSession {
    type Answer = Option<SessionId>;
}

/// The user and the session that an access token names. The token is good while both are.
#[derive(Debug, Clone, Copy)]
pub struct SessionLookup {
    /// The token's `uid`.
    pub user_id: UserId,
    /// The token's `sid`.
    pub session_id: SessionId,
}

/// Finds the users of live sessions: the question of every authenticated request. The answer is `None` if
/// the session has ended, or its user is disabled or deleted.
#[derive(Debug)]
pub struct FindActiveUsers {
    /// The users and sessions. The answers are in the same order.
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
    /// The user.
    pub user_id: UserId,
    /// Whether ended sessions that were not purged yet are listed too.
    pub with_ended: bool,
}

impl ListSessions {
    /// The maximum number of sessions in the list.
    pub const MAX_SESSIONS: i64 = 200;
}

impl DbMessage for ListSessions {
    type Answer = Vec<Session>;
}

/// Ends one session; `false` if it does not live, or belongs to another user than `owner`.
#[derive(Debug)]
pub struct EndSession {
    /// The session.
    pub id: SessionId,
    /// The user it must belong to; `None` for any.
    pub owner: Option<UserId>,
    /// The reason that is stored.
    pub reason: EndReason,
}

impl DbMessage for EndSession {
    type Answer = bool;
}

/// Ends a user's sessions and returns how many; `None` if there is no such user.
#[derive(Debug)]
pub struct EndUserSessions {
    /// The user.
    pub user_id: UserId,
    /// The session that lives on.
    pub except: Option<SessionId>,
    /// The reason that is stored.
    pub reason: EndReason,
}

impl DbMessage for EndUserSessions {
    type Answer = Option<usize>;
}
