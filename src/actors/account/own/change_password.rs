//! Changing the caller's password.

use actix::Message;

use super::{OwnAccountError, confirm::confirm_keeping_slot};
use crate::{
    actors::{
        account::{
            Caller, CheckError, Dependencies, UseCase, session::authenticate_owner, sign_in::new_session,
        },
        db::ReplacePassword,
        password::HashPassword,
        token::{IssueTokens, NewRefreshSecret},
    },
    domain::{AccessToken, NewPassword, Password, RequestOrigin, TokenPair},
};

/// Changes the caller's password. Every session ends, including the caller's, and a new one with the same
/// scope begins. So any other holder of the caller's tokens is locked out.
///
/// The token needs the scope `user` ([`OwnAccountError::Authenticate`]). [`OwnAccountError::WrongPassword`]
/// if the current password is wrong, and [`OwnAccountError::Check`] if the throttle or the queue refuses to
/// check it. [`OwnAccountError::InvalidPassword`] if this user may not have the new password.
#[derive(Debug, Message)]
#[rtype(result = "Result<TokenPair, OwnAccountError>")]
pub struct ChangePassword {
    /// The caller's access token.
    pub token: AccessToken,
    /// The current password.
    pub current: Password,
    /// The new password.
    pub new: NewPassword,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for ChangePassword {
    type Answer = TokenPair;
    type Error = OwnAccountError;

    async fn run(self, deps: &Dependencies) -> Result<TokenPair, OwnAccountError> {
        let caller = authenticate_owner(deps, self.token).await?;
        let names = [caller.user.username.as_str(), caller.user.email.as_str()];
        deps.rules.password.check(&self.new, &names)?;
        let (credentials, slot) = confirm_keeping_slot(deps, &caller, self.current, &self.origin).await?;
        let hash = HashPassword { password: self.new };
        let (password_hash, slot) = deps.passwords.ask(slot, hash).await.map_err(CheckError::from)?;
        drop(slot);
        let secret = deps.tokens.ask(NewRefreshSecret).await?;
        let context = caller.context(deps, &self.origin);
        let Caller { user, scope, .. } = caller;
        let open = new_session(deps, (user.id, credentials.password_version), scope, &secret, context.now);
        let (authenticated_at, session_ends) = (context.now, open.expires_at);
        // Of two simultaneous changes, the second has confirmed a password that the first has replaced.
        let replace = ReplacePassword { open, password_hash };
        let session_id = deps.db.ask(replace, &context).await?.ok_or(OwnAccountError::WrongPassword)?;
        let issue = IssueTokens { user, session_id, scope, authenticated_at, session_ends, secret };
        Ok(deps.tokens.ask(issue).await?)
    }
}
