//! Logging out.

use actix::Message;

use super::{AuthenticateError, authenticate::authenticate};
use crate::{
    actors::{
        account::{Dependencies, UseCase},
        db::EndSession,
    },
    domain::{AccessToken, EndReason, RequestOrigin},
};

/// Ends the session of the caller's token.
///
/// A token of any scope will do; see [`AuthenticateError`].
#[derive(Debug, Message)]
#[rtype(result = "Result<(), AuthenticateError>")]
pub struct LogOut {
    /// The caller's access token.
    pub token: AccessToken,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for LogOut {
    type Answer = ();
    type Error = AuthenticateError;

    async fn run(self, deps: &Dependencies) -> Result<(), AuthenticateError> {
        let caller = authenticate(deps, self.token).await?;
        let context = caller.context(deps, &self.origin);
        let end =
            EndSession { id: caller.session_id, owner: Some(caller.user.id), reason: EndReason::Logout };
        deps.db.ask(end, &context).await?;
        Ok(())
    }
}
