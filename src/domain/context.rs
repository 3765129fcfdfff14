//! The context of a message to the database: when, by whom, and because of which request it is sent.

use crate::domain::{RequestOrigin, SessionId, Timestamp, UserId};

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    /// A client that has not authenticated as a user: at a registration, a login, a refresh or a revocation.
    Anonymous,
    /// The user of an access token, or of a password that was just verified.
    User(UserId),
    /// The person who runs a command on the server's machine, or an application that embeds Sekisho.
    Operator,
    /// Sekisho itself: at its start, in maintenance, or for many callers at once.
    System,
}

/// The context of a message to the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The time at which the message is sent.
    pub now: Timestamp,
    /// Who acts.
    pub principal: Principal,
    /// The session that the principal acts in, or whose refresh token was presented.
    pub session: Option<SessionId>,
    /// The request that caused it; empty if no request did.
    pub origin: RequestOrigin,
}

impl Context {
    /// The context of what Sekisho does by itself.
    #[must_use]
    pub fn system(now: Timestamp) -> Self {
        Self { now, principal: Principal::System, session: None, origin: RequestOrigin::default() }
    }

    /// The context of a command.
    #[must_use]
    pub fn operator(now: Timestamp) -> Self {
        Self { principal: Principal::Operator, ..Self::system(now) }
    }

    /// The context of a request.
    #[must_use]
    pub const fn of_request(now: Timestamp, principal: Principal, origin: RequestOrigin) -> Self {
        Self { now, principal, session: None, origin }
    }

    /// The same context, in a session.
    #[must_use]
    pub fn in_session(self, session: SessionId) -> Self {
        Self { session: Some(session), ..self }
    }
}
