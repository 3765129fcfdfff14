//! Revoking a token, which ends its session.

use actix::Message;

use crate::{
    actors::{
        account::{ActorError, Dependencies, UseCase},
        db::EndSession,
        token::{ReadRefreshToken, VerifyAccessToken},
    },
    domain::{AccessToken, EndReason, Principal, RefreshToken, RequestOrigin},
};

/// Ends the session of an access or refresh token (RFC 7009). A token that was not issued here or is no
/// longer valid is not an error.
///
/// Possession of the token is enough.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), ActorError>")]
pub struct Revoke {
    /// An access or a refresh token.
    pub token: String,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for Revoke {
    type Answer = ();
    type Error = ActorError;

    async fn run(self, deps: &Dependencies) -> Result<(), ActorError> {
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
