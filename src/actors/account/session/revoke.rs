//! Revoking a token, which ends its session.

use actix::Message;

use crate::{
    actors::{
        account::{ActorError, Dependencies, UseCase, error::impl_from_actor_errors},
        db::EndSession,
        token::{ReadRefreshToken, VerifyAccessToken},
    },
    domain::{AccessToken, EndReason, Principal, RefreshToken, RequestOrigin},
};

/// Ends the session of an access or refresh token (RFC 7009). A token that was not issued here or is no
/// longer valid is not an error.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), RevokeError>")]
pub struct Revoke {
    /// An access or a refresh token.
    pub token: String,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

/// Why a token was not revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevokeError {
    /// An actor failed.
    #[error(transparent)]
    Actor(#[from] ActorError),
}

impl_from_actor_errors!(RevokeError);

impl UseCase for Revoke {
    type Answer = ();
    type Error = RevokeError;

    async fn run(self, deps: &Dependencies) -> Result<(), RevokeError> {
        // The two kinds of token cannot be confused, so the client's hint is not needed.
        let refresh = ReadRefreshToken { token: RefreshToken::new(self.token.clone()) };
        let session_id = match deps.tokens.ask(refresh).await? {
            Some(presented) => Some(presented.session_id),
            None => {
                let access = VerifyAccessToken { token: AccessToken::new(self.token) };
                deps.tokens.ask(access).await?.ok().map(|verified| verified.session_id)
            }
        };
        if let Some(id) = session_id {
            let context = deps.context(Principal::Anonymous, &self.origin).in_session(id);
            let end = EndSession { id, owner: None, reason: EndReason::Revoked };
            deps.db.ask(end, &context).await?;
        }
        Ok(())
    }
}
