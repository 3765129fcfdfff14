//! Under what circumstances something is done: when, by whom, and from where.

use crate::domain::{RequestOrigin, SessionId, Timestamp, UserId};

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    /// A client that has not shown whose it is: at a registration, a login, a refresh or a revocation.
    Anonymous,
    /// The user of an access token, or of a password that was just verified.
    User(UserId),
    /// The person who runs a command on the server's machine, or an application that embeds Sekisho.
    Operator,
    /// Sekisho itself: at its start, in maintenance, or for many callers at once.
    System,
}

/// What travels with every message to the database: the circumstances of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// When the message is sent.
    pub now: Timestamp,
    /// Who acts.
    pub principal: Principal,
    /// The session that the principal acts in, or whose refresh token was presented.
    pub session: Option<SessionId>,
    /// The request that caused it; empty if no request did.
    pub origin: RequestOrigin,
}

impl Context {
    /// What Sekisho does by itself.
    #[must_use]
    pub fn system(now: Timestamp) -> Self {
        Self { now, principal: Principal::System, session: None, origin: RequestOrigin::default() }
    }

    /// What a command does.
    #[must_use]
    pub fn operator(now: Timestamp) -> Self {
        Self { principal: Principal::Operator, ..Self::system(now) }
    }

    /// What a request does.
    #[must_use]
    pub const fn of_request(now: Timestamp, principal: Principal, origin: RequestOrigin) -> Self {
        Self { now, principal, session: None, origin }
    }

    /// The same in a session.
    #[must_use]
    pub fn in_session(self, session: SessionId) -> Self {
        Self { session: Some(session), ..self }
    }
}
