//! What people do to their own accounts: change the e-mail address or the password, and leave.

use actix::Message;

use super::{
    ActorError, AuthenticateError, Caller, CheckError, Dependencies, UseCase,
    authenticate::authenticate_owner, check_password::PasswordCheck, error::impl_from_actor_errors,
    login::new_session, register::count_registration,
};
use crate::{
    actors::{
        db::{
            Credentials, DeleteRefused, DeleteUser, FindCredentials, LoginIdentifier, ReplacePassword,
            SetEmail, UpdateRefused,
        },
        password::{HashPassword, HashSlot, PasswordVerdict},
        token::IssueTokens,
    },
    domain::{
        AccessToken, Email, InvalidPassword, LoginName, NewPassword, Password, RequestOrigin, TokenPair, User,
    },
};

/// Why an account stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OwnAccountError {
    /// Who is asking is not known.
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    /// The current password is another.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The new password may not be set.
    #[error(transparent)]
    InvalidPassword(#[from] InvalidPassword),
    /// Another user has the e-mail address.
    #[error("a user with this email already exists")]
    EmailTaken,
    /// Nobody could administer any more.
    #[error("the last admin can be neither disabled, demoted nor deleted")]
    LastAdmin,
    /// Whether the password is right is not known.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// An actor failed.
    #[error(transparent)]
    Actor(#[from] ActorError),
}

impl_from_actor_errors!(OwnAccountError);

/// Changes the caller's e-mail address, which is a login name.
#[derive(Debug, Message)]
#[rtype(result = "Result<User, OwnAccountError>")]
pub struct ChangeEmail {
    /// Who asks.
    pub token: AccessToken,
    /// The new address.
    pub email: Email,
    /// Their password.
    pub password: Password,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for ChangeEmail {
    type Answer = User;
    type Error = OwnAccountError;

    async fn run(self, deps: &Dependencies) -> Result<User, OwnAccountError> {
        let caller = authenticate_owner(deps, self.token).await?;
        // The answer tells whether somebody has the address, as that to a registration does.
        count_registration(deps, &self.origin).await?;
        let credentials = confirm(deps, &caller, self.password, &self.origin).await?;
        let set = SetEmail {
            id: caller.user.id,
            expected: credentials.password_version,
            email: self.email,
            now: deps.clock.now(),
        };
        deps.db.ask(set).await?.map_err(|refused| match refused {
            UpdateRefused::NotFound => OwnAccountError::WrongPassword,
            UpdateRefused::EmailTaken => OwnAccountError::EmailTaken,
            UpdateRefused::LastAdmin => OwnAccountError::LastAdmin,
        })
    }
}

/// Changes the caller's password. Every session ends, the caller's too, and a new one of the same scope
/// begins: whoever else had the caller's tokens has them for nothing.
#[derive(Debug, Message)]
#[rtype(result = "Result<TokenPair, OwnAccountError>")]
pub struct ChangePassword {
    /// Who asks.
    pub token: AccessToken,
    /// The password until now.
    pub current: Password,
    /// The password from now on.
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
        let Caller { user, scope, .. } = caller;
        let verified = credentials.password_version;
        let (open, secret) = new_session(deps, user.id, verified, scope, self.origin).await?;
        let (authenticated_at, session_ends) = (open.now, open.expires_at);
        // Of two changes at once the second was confirmed with a password that is none any more.
        let replace = ReplacePassword { open, password_hash };
        let session_id = deps.db.ask(replace).await?.ok_or(OwnAccountError::WrongPassword)?;
        let issue = IssueTokens { user, session_id, scope, authenticated_at, session_ends, secret };
        Ok(deps.tokens.ask(issue).await?)
    }
}

/// Deletes the caller's account; all sessions end and the username is never given again.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), OwnAccountError>")]
pub struct DeleteAccount {
    /// Who asks.
    pub token: AccessToken,
    /// Their password.
    pub password: Password,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for DeleteAccount {
    type Answer = ();
    type Error = OwnAccountError;

    async fn run(self, deps: &Dependencies) -> Result<(), OwnAccountError> {
        let caller = authenticate_owner(deps, self.token).await?;
        let credentials = confirm(deps, &caller, self.password, &self.origin).await?;
        let delete = DeleteUser {
            id: caller.user.id,
            expected: Some(credentials.password_version),
            now: deps.clock.now(),
        };
        deps.db.ask(delete).await?.map_err(|refused| match refused {
            DeleteRefused::NotFound => OwnAccountError::WrongPassword,
            DeleteRefused::LastAdmin => OwnAccountError::LastAdmin,
        })
    }
}

/// Has the caller's password confirmed; a wrong one counts as a failed login.
async fn confirm(
    deps: &Dependencies,
    caller: &Caller,
    password: Password,
    origin: &RequestOrigin,
) -> Result<Credentials, OwnAccountError> {
    confirm_keeping_slot(deps, caller, password, origin).await.map(|(credentials, _)| credentials)
}

/// The same, and returns the hash slot with which the password was checked.
async fn confirm_keeping_slot(
    deps: &Dependencies,
    caller: &Caller,
    password: Password,
    origin: &RequestOrigin,
) -> Result<(Credentials, HashSlot), OwnAccountError> {
    let name = LoginName::from(&caller.user.username);
    let check = PasswordCheck::of_confirmation(deps, &name, caller.session_id, origin).await?;
    let id = caller.user.id;
    let credentials = deps
        .db
        .ask(FindCredentials { identifier: LoginIdentifier::Id(id) })
        .await?
        .ok_or(AuthenticateError::Ended)?;
    match check.run_keeping_slot(Some(id), password, Some(credentials.password_hash.clone())).await? {
        (PasswordVerdict::Right { .. }, slot) => Ok((credentials, slot)),
        (PasswordVerdict::Wrong, _) => Err(OwnAccountError::WrongPassword),
    }
}
