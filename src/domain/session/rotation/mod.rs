//! Decides what becomes of a session when one of its refresh secrets is presented.

use crate::domain::{
    Derivation, EarlierUses, EndReason, InvalidScope, OriginFingerprint, Presentation, RefreshChain, Scope,
    SecretHash, SessionRules, Theft, Timestamp, User,
};

/// An attempt to exchange a refresh secret for its successor.
#[derive(Debug)]
pub struct RefreshAttempt {
    /// The hash of the presented secret.
    pub presented: SecretHash,
    /// The origin of the request.
    pub from: OriginFingerprint,
    /// The hash of the secret that becomes current if the presented one is current now.
    pub successor: SecretHash,
    /// How the successor was derived from the presented secret.
    pub derivation: Derivation,
    /// The scope that the new access token is to have; empty for the session's whole scope.
    pub requested: Scope,
    /// How long the session lives, and how long a replaced secret may be presented again.
    pub rules: SessionRules,
}

/// The answer to a [`RefreshAttempt`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The secret was current, and its successor is now.
    Rotated {
        /// The session's user.
        user: User,
        /// The scope of the new access token.
        scope: Scope,
        /// When the session was opened, which is when the password was verified.
        authenticated_at: Timestamp,
        /// When the session ends unless it is used before.
        expires_at: Timestamp,
    },
    /// The secret was replaced within the grace period, so this is a retry or a second tab. Nothing has
    /// changed.
    Replayed {
        /// The session's user.
        user: User,
        /// The scope of the new access token; an error if more was requested than the session may have.
        scope: Result<Scope, InvalidScope>,
        /// When the session was opened, which is when the password was verified.
        authenticated_at: Timestamp,
        /// When the session ends unless it is used before.
        expires_at: Timestamp,
        /// The derivations that lead from the secret to the current one, in order; at least one.
        derivations: Vec<Derivation>,
        /// Whether it is known to have come from a network other than that of the request that replaced it.
        elsewhere: bool,
    },
    /// The secret was stolen. The session has ended.
    Reused {
        /// The session's user.
        user: User,
        /// How the theft was detected.
        theft: Theft,
    },
    /// The secret was current, and more was requested than the session may have. Nothing has changed.
    InvalidScope(InvalidScope),
    /// The session had ended before.
    Ended(EndReason),
    /// There is no such session, or its user is disabled.
    Unknown,
}

/// A session as it is stored when a refresh secret is presented.
#[derive(Debug)]
pub struct StoredSession {
    /// The user of the session, in their current state.
    pub user: User,
    /// The scope it was opened with.
    pub scope: Scope,
    /// The refresh secrets of the session.
    pub chain: RefreshChain,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its refresh token was last used.
    pub last_used_at: Timestamp,
    /// The uses before that.
    pub earlier_uses: EarlierUses,
    /// When it ends unless it is used before.
    pub expires_at: Timestamp,
    /// Why it ended, if it has.
    pub end_reason: Option<EndReason>,
}

/// What to write after a refresh secret was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionChange {
    /// The session ends.
    End(EndReason),
    /// The successor becomes current.
    Rotate {
        /// The chain with the successor.
        chain: RefreshChain,
        /// When the session was used.
        used_at: Timestamp,
        /// The uses before that.
        earlier_uses: EarlierUses,
        /// When the session ends unless it is used before.
        expires_at: Timestamp,
    },
}

impl StoredSession {
    /// Decides an attempt: the answer, and what to write before giving it.
    #[must_use]
    pub fn refresh(self, attempt: &RefreshAttempt, now: Timestamp) -> (Rotation, Option<SessionChange>) {
        if let Some(reason) = self.end_reason {
            return (Rotation::Ended(reason), None);
        }
        if self.expires_at <= now {
            return (Rotation::Ended(EndReason::Expired), None);
        }
        if self.user.disabled {
            return (Rotation::Unknown, None);
        }
        let RefreshAttempt { presented, from, rules, .. } = attempt;
        // A clock that was set back must not make the session look older than it is, nor end the grace period
        // when it is corrected.
        let used_at = now.max(self.last_used_at);
        let expires_at = rules.expires_at(self.created_at, used_at);
        if expires_at <= now {
            // The session was opened when sessions were allowed to become older.
            let reason = EndReason::Expired;
            return (Rotation::Ended(reason), Some(SessionChange::End(reason)));
        }
        // Theft is detected before the scope is checked, so that a thief cannot test a token by requesting a
        // scope that will be refused.
        let presentation = self.chain.judge(*presented, *from, now, rules.refresh_grace);
        // A user who was an administrator at the login may have another role now.
        let scope = self.scope.intersection(Scope::of(self.user.role)).narrow(attempt.requested);
        let (user, authenticated_at) = (self.user, self.created_at);
        match (presentation, scope) {
            (Presentation::Theft(theft), _) => {
                (Rotation::Reused { user, theft }, Some(SessionChange::End(EndReason::RefreshTokenReused)))
            }
            (Presentation::Replay { derivations, elsewhere }, scope) => {
                let expires_at = self.expires_at;
                let answer =
                    Rotation::Replayed { user, scope, authenticated_at, expires_at, derivations, elsewhere };
                (answer, None)
            }
            (Presentation::Current, Err(error)) => (Rotation::InvalidScope(error), None),
            (Presentation::Current, Ok(scope)) => {
                let (successor, derivation) = (attempt.successor, attempt.derivation);
                let grace = rules.refresh_grace;
                let chain = self.chain.replace_current(successor, derivation, *from, used_at, grace);
                let earlier_uses = self.earlier_uses.followed_by(self.last_used_at, used_at, rules);
                let change = SessionChange::Rotate { chain, used_at, earlier_uses, expires_at };
                (Rotation::Rotated { user, scope, authenticated_at, expires_at }, Some(change))
            }
        }
    }
}

#[cfg(test)]
mod tests;
