//! Logging out.

use actix::Message;

use super::{AuthenticateError, authenticate::authenticate};
use crate::{
    actors::{
        account::{Dependencies, UseCase},
        db::EndSession,
    },
    domain::{AccessToken, EndReason},
};

/// Ends the caller's own session.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), AuthenticateError>")]
pub struct LogOut {
    /// Who asks.
    pub token: AccessToken,
}

impl UseCase for LogOut {
    type Answer = ();
    type Error = AuthenticateError;

    async fn run(self, deps: &Dependencies) -> Result<(), AuthenticateError> {
        let caller = authenticate(deps, self.token).await?;
        let end = EndSession {
            id: caller.session_id,
            owner: Some(caller.user.id),
            reason: EndReason::Logout,
            now: deps.clock.now(),
        };
        deps.db.ask(end).await?;
        Ok(())
    }
}
