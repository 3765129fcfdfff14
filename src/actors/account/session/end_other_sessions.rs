//! Ending the caller's other sessions.

use actix::Message;

use super::{AuthenticateError, authenticate::authenticate_owner};
use crate::{
    actors::{
        account::{Dependencies, UseCase},
        db::EndUserSessions,
    },
    domain::{AccessToken, EndReason, RequestOrigin},
};

/// Ends all of the caller's sessions except the one that asks.
///
/// The token needs the scope `user`; see [`AuthenticateError`].
#[derive(Debug, Message)]
#[rtype(result = "Result<(), AuthenticateError>")]
pub struct EndOtherSessions {
    /// The caller's access token.
    pub token: AccessToken,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for EndOtherSessions {
    type Answer = ();
    type Error = AuthenticateError;

    async fn run(self, deps: &Dependencies) -> Result<(), AuthenticateError> {
        let caller = authenticate_owner(deps, self.token).await?;
        let context = caller.context(deps, &self.origin);
        let end = EndUserSessions {
            user_id: caller.user.id,
            except: Some(caller.session_id),
            reason: EndReason::Revoked,
        };
        deps.db.ask(end, &context).await?;
        Ok(())
    }
}
