//! The actors and rules that use cases need.

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

/// The other actors and the rules, for every use case.
#[derive(Clone)]
pub struct Dependencies {
    /// The database.
    pub db: Db,
    /// Coalesces the lookup that every authenticated request needs.
    pub lookups: Coalescer<FindActiveUsers>,
    /// Coalesces refreshes.
    pub rotations: Coalescer<RotateSessions>,
    /// The queue for hash slots, and the hash threads behind it.
    pub passwords: Passwords,
    /// Decides who may try a password, and when.
    pub throttle: Throttle,
    /// The hashes that are due to be renewed.
    pub renewals: Renewals,
    /// The token actor of this worker.
    pub tokens: Handle<TokenActor>,
    /// The source of the current time.
    pub clock: Clock,
    /// The settings that the use cases apply.
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
    /// The policy for new passwords.
    pub password: PasswordPolicy,
    /// Who may register.
    pub registration: Registration,
    /// How long sessions live, and when their use is reported.
    pub sessions: SessionRules,
}
