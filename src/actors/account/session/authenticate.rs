//! Authenticating a request.

use std::time::Duration;

use actix::Message;

use crate::{
    actors::{
        account::{ActorError, Dependencies, UseCase},
        db::SessionLookup,
        token::{InvalidToken, VerifyAccessToken},
    },
    domain::{AccessToken, Context, Principal, RequestOrigin, Scope, SessionId, Timestamp, User},
};

/// Identifies the caller that presents an access token.
///
/// It has no origin, because it changes nothing, logs nothing and is sent for every request.
///
/// A token of any scope will do. [`AuthenticateError::InvalidToken`] if the token is not valid, and
/// [`AuthenticateError::Ended`] if its session has ended or its user is disabled or deleted.
///
/// ```
/// # use sekisho::{app::{Overrides, Sekisho}, config::{Config, Database}, domain::*};
/// use sekisho::actors::account::{Authenticate, AuthenticateError};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix::System::new().block_on(async {
/// # let mut config = Config::default();
/// # config.database.location = Database::Memory;
/// # config.password.bcrypt_cost = 4;
/// # let sekisho = Sekisho::start(config, "http://localhost:8000", Overrides::default()).await?;
/// # let accounts = sekisho.accounts();
/// # let origin = RequestOrigin::default();
/// # let password = || Password::new("correct horse battery".to_owned());
/// # let user = sekisho::actors::account::AddUser {
/// #     email: Email::parse("alice@example.com")?,
/// #     username: Username::parse("alice")?,
/// #     password: sekisho.password_policy().accept(password(), &["alice"])?,
/// #     role: Role::User,
/// #     origin: origin.clone(),
/// # };
/// # let alice = accounts.ask(user).await?;
/// # let (name, scope) = ("alice".to_owned(), Scope::default());
/// # let log_in = sekisho::actors::account::LogIn { name, password: password(), scope, origin };
/// # let tokens = accounts.ask(log_in).await?;
/// let caller = accounts.ask(Authenticate { token: tokens.access_token }).await?;
/// assert_eq!(caller.user, alice);
///
/// let token = AccessToken::new("of another server".to_owned());
/// let refused = accounts.ask(Authenticate { token }).await;
/// assert!(matches!(refused, Err(AuthenticateError::InvalidToken(_))));
/// # sekisho.close().await?;
/// # Ok(()) })
/// # }
/// ```
#[derive(Debug, Message)]
#[rtype(result = "Result<Caller, AuthenticateError>")]
pub struct Authenticate {
    /// The token.
    pub token: AccessToken,
}

/// A caller with a valid token, a live session and an enabled account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The caller's user.
    pub user: User,
    /// The session that the token belongs to.
    pub session_id: SessionId,
    /// The scope that both the token and the user's current role allow.
    pub scope: Scope,
    /// When the caller gave their password: the beginning of the session, to the second.
    pub authenticated_at: Timestamp,
}

impl Caller {
    /// The time after the password was given in which a caller may do what cannot be undone.
    pub const RECENT_LOGIN: Duration = Duration::from_mins(10);

    /// The context of the caller's current request, which came from this origin.
    pub(in crate::actors::account) fn context(&self, deps: &Dependencies, origin: &RequestOrigin) -> Context {
        deps.context(Principal::User(self.user.id), origin).in_session(self.session_id)
    }

    /// How far the clock that recorded the login may have been ahead.
    const MAX_CLOCK_SKEW: Duration = Duration::from_mins(1);

    /// Whether the caller gave their password at most [`Caller::RECENT_LOGIN`] ago.
    ///
    /// A login that lies ahead of the clock is not recent: otherwise a clock that was set back would make an
    /// old login recent until it passes the login's time again.
    #[must_use]
    pub fn authenticated_recently(&self, now: Timestamp) -> bool {
        let at = self.authenticated_at;
        at <= now + Self::MAX_CLOCK_SKEW && now.since(at) <= Self::RECENT_LOGIN
    }
}

/// Why a caller could not be authenticated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    /// The token itself is invalid.
    #[error("the token is invalid: {0}")]
    InvalidToken(InvalidToken),
    /// Its session has ended, or its user is disabled or deleted.
    #[error("the session has ended")]
    Ended,
    /// The token is valid, but not for the caller's own account.
    #[error("the token has no scope 'user'")]
    NeedsUserScope,
    /// An actor failed.
    #[error(transparent)]
    Actor(ActorError),
}

impl<E: Into<ActorError>> From<E> for AuthenticateError {
    fn from(error: E) -> Self {
        Self::Actor(error.into())
    }
}

impl UseCase for Authenticate {
    type Answer = Caller;
    type Error = AuthenticateError;

    async fn run(self, deps: &Dependencies) -> Result<Caller, AuthenticateError> {
        authenticate(deps, self.token).await
    }
}

/// Authenticates a caller for a use case that changes their own account.
pub(in crate::actors::account) async fn authenticate_owner(
    deps: &Dependencies,
    token: AccessToken,
) -> Result<Caller, AuthenticateError> {
    let caller = authenticate(deps, token).await?;
    if caller.scope.contains(Scope::USER) { Ok(caller) } else { Err(AuthenticateError::NeedsUserScope) }
}

/// Authenticates a caller.
pub(in crate::actors::account) async fn authenticate(
    deps: &Dependencies,
    token: AccessToken,
) -> Result<Caller, AuthenticateError> {
    let verified =
        deps.tokens.ask(VerifyAccessToken { token }).await?.map_err(AuthenticateError::InvalidToken)?;
    let key = SessionLookup { user_id: verified.user_id, session_id: verified.session_id };
    let user = deps.lookups.ask(key).await?.ok_or(AuthenticateError::Ended)?;
    let scope = verified.scope.intersection(Scope::of(user.role));
    Ok(Caller { user, session_id: verified.session_id, scope, authenticated_at: verified.authenticated_at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Email, Role, UserId, Username};

    #[test]
    fn a_login_is_recent_for_ten_minutes_whatever_the_clock_does() {
        let login = Timestamp::from_seconds(10_000);
        let caller = Caller {
            user: User {
                id: UserId(1),
                email: Email::from_trusted(String::new()),
                username: Username::from_trusted(String::new()),
                role: Role::Admin,
                disabled: false,
                created_at: login,
            },
            session_id: SessionId(1),
            scope: Scope::of(Role::Admin),
            authenticated_at: login,
        };

        for (after_seconds, expected) in [
            (0, true),
            (600, true),
            (601, false),
            (86_400, false),
            (-60, true),
            (-61, false),
            (-86_400, false),
        ] {
            let now = Timestamp::from_seconds(10_000 + after_seconds);
            assert_eq!(caller.authenticated_recently(now), expected, "{after_seconds}");
        }
    }
}
