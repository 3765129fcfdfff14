//! Refreshing: a refresh token becomes a new pair.

use actix::Message;

use super::{Desk, Failure, UseCase, error::may_fail};
use crate::{
    actors::{
        db::{RotateSession, Rotation},
        token::{DeriveSuccessor, IssueTokens, ReadRefreshToken},
    },
    domain::{EndReason, InvalidScope, RefreshToken, Scope, TokenPair},
    metrics::{self, RefreshOutcome},
};

/// Exchanges a refresh token (RFC 6749, section 6).
#[derive(Debug, Message)]
#[rtype(result = "Result<TokenPair, RefreshError>")]
pub struct Refresh {
    /// The token.
    pub token: RefreshToken,
    /// What the new access token shall be able to do; empty for all that the
    /// session was opened with.
    pub scope: Scope,
}

/// Why there is no new pair.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// It is no token of ours, or its session or user is gone.
    #[error("the refresh token is invalid")]
    Invalid,
    /// Its session has ended.
    #[error("the session has ended: {}", .0.as_str())]
    Ended(EndReason),
    /// It was replaced longer ago than the grace; its session has ended just now.
    #[error("the refresh token was used again; its session has ended")]
    Reused,
    /// More was asked for than the session may.
    #[error(transparent)]
    InvalidScope(#[from] InvalidScope),
    /// An actor failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

may_fail!(RefreshError);

impl UseCase for Refresh {
    type Answer = TokenPair;
    type Error = RefreshError;

    async fn run(self, desk: &Desk) -> Result<TokenPair, RefreshError> {
        let presented =
            desk.tokens.ask(ReadRefreshToken { token: self.token }).await?.ok_or(RefreshError::Invalid)?;
        let rotate = RotateSession {
            id: presented.session_id,
            presented: presented.hash,
            successor: presented.successor.hash(),
            requested: self.scope,
            grace: desk.rules.refresh_grace,
            lifetime: desk.rules.refresh_lifetime,
            now: desk.clock.now(),
        };
        let rotation = desk.rotations.ask(rotate).await?;
        metrics::refresh(match &rotation {
            Rotation::Rotated { .. } => RefreshOutcome::Rotated,
            Rotation::Replayed { .. } => RefreshOutcome::Replayed,
            Rotation::Reused { .. } => RefreshOutcome::Reused,
            Rotation::Ended(_) | Rotation::Unknown | Rotation::InvalidScope(_) => RefreshOutcome::Refused,
        });
        let (user, scope, authenticated_at, secret) = match rotation {
            Rotation::Rotated { user, scope, authenticated_at } => {
                (user, scope, authenticated_at, presented.successor)
            }
            Rotation::Replayed { user, scope, authenticated_at, steps } => {
                // A retry gets what the first answer held; a tab that fell behind, the newest.
                let derive = DeriveSuccessor {
                    session_id: presented.session_id,
                    secret: presented.successor,
                    steps: steps - 1,
                };
                (user, scope, authenticated_at, desk.tokens.ask(derive).await?)
            }
            Rotation::Reused { user } => {
                log::warn!(
                    "session {} of user {} ended: a replaced refresh token was presented again",
                    presented.session_id,
                    user.id
                );
                return Err(RefreshError::Reused);
            }
            Rotation::Ended(reason) => return Err(RefreshError::Ended(reason)),
            Rotation::InvalidScope(error) => return Err(error.into()),
            Rotation::Unknown => return Err(RefreshError::Invalid),
        };
        let issue = IssueTokens { user, session_id: presented.session_id, scope, authenticated_at, secret };
        Ok(desk.tokens.ask(issue).await?)
    }
}
