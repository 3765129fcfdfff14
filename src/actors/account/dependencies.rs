//! What use cases work with.

use super::{Coalescer, Renewals};
use crate::{
    actors::{
        Handle,
        db::{Db, FindActiveUsers, RotateSessions},
        password::Passwords,
        throttle::Throttle,
        token::TokenActor,
    },
    domain::{Clock, Context, PasswordPolicy, Principal, Registration, RequestOrigin, SessionRules},
};

/// What every use case works with: the other actors and the rules.
#[derive(Clone)]
pub struct Dependencies {
    /// The database.
    pub db: Db,
    /// The same, for the one question that every authenticated request asks.
    pub lookups: Coalescer<FindActiveUsers>,
    /// The same, for refreshes.
    pub rotations: Coalescer<RotateSessions>,
    /// The hash threads, behind their queue.
    pub passwords: Passwords,
    /// Who may try a password, and when.
    pub throttle: Throttle,
    /// The hashes that are about to be renewed.
    pub renewals: Renewals,
    /// This worker's signer.
    pub tokens: Handle<TokenActor>,
    /// The time.
    pub clock: Clock,
    /// The rules.
    pub rules: Rules,
}

impl Dependencies {
    /// The context of what a request does now.
    pub(super) fn context(&self, principal: Principal, origin: &RequestOrigin) -> Context {
        Context::of_request(self.clock.now(), principal, origin.clone())
    }
}

/// The settings that the use cases apply.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// What a new password must be.
    pub password: PasswordPolicy,
    /// Who may register.
    pub registration: Registration,
    /// How long sessions live, and what of their use is told.
    pub sessions: SessionRules,
}
