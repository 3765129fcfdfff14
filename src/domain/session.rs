//! Sessions: one login on one device, for as long as it lasts.

use std::net::IpAddr;

use super::{Scope, Timestamp, UserId};

/// A session's number (the tokens' `sid`); it is never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct SessionId(pub i64);

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a request came from, as its owner will recognise it in the list of sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// The address of the peer, or the one that a trusted proxy vouches for.
    pub ip: Option<IpAddr>,
    /// The `User-Agent`, cut to [`Client::MAX_USER_AGENT`] characters.
    pub user_agent: Option<String>,
}

impl Client {
    /// The most characters kept of a `User-Agent`.
    pub const MAX_USER_AGENT: usize = 256;
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Its owner logged out.
    Logout,
    /// Its owner or a client revoked it (RFC 7009, or the list of sessions).
    Revoked,
    /// An administrator ended it.
    RevokedByAdmin,
    /// A refresh token that had been replaced long ago was presented: two parties hold one token.
    RefreshTokenReused,
    /// The password was changed.
    PasswordChanged,
    /// The account was disabled.
    UserDisabled,
    /// Nobody used it for as long as refresh tokens live.
    Expired,
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Logout,
        Self::Revoked,
        Self::RevokedByAdmin,
        Self::RefreshTokenReused,
        Self::PasswordChanged,
        Self::UserDisabled,
        Self::Expired,
    ];

    /// The reason as the database and the wire write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Revoked => "revoked",
            Self::RevokedByAdmin => "revoked_by_admin",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::PasswordChanged => "password_changed",
            Self::UserDisabled => "user_disabled",
            Self::Expired => "expired",
        }
    }

    /// The reason of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// A login, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// What its tokens may do at most.
    pub scope: Scope,
    /// When its owner logged in.
    pub created_at: Timestamp,
    /// When its refresh token was last used, or it was opened.
    pub last_used_at: Timestamp,
    /// When it ends unless its refresh token is used before.
    pub expires_at: Timestamp,
    /// The browser or program that opened it.
    pub user_agent: Option<String>,
    /// The address it was opened from.
    pub ip: Option<String>,
    /// When and why it ended; `None` while it lives.
    pub ended: Option<(Timestamp, EndReason)>,
}
