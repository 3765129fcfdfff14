//! Logging in: exchanging a name and a password for a session and its tokens.

use actix::Message;

use super::{new_session::new_session, password_check::PasswordCheck};
use crate::{
    actors::{
        account::{ActorError, CheckError, Dependencies, UseCase},
        db::{FindCredentials, LoginIdentifier},
        password::PasswordVerdict,
        token::{IssueTokens, NewRefreshSecret},
    },
    domain::{LoginName, Password, Principal, RequestOrigin, Scope, TokenPair},
    metrics,
};

/// Opens a session by a name and a password.
///
/// [`LoginError::Incorrect`] or [`LoginError::IncorrectOrOutOfScope`] if the name or the password is wrong or
/// the user may not have the scope, [`LoginError::Disabled`] if the password is right and the account is
/// disabled, and [`LoginError::Check`] if the throttle or the queue refuses the attempt.
///
/// ```
/// # use sekisho::{app::{Overrides, Sekisho}, config::{Config, Database}, domain::*};
/// use sekisho::actors::account::{LogIn, LoginError};
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
/// # accounts.ask(user).await?;
/// let name = || "alice".to_owned();
/// let log_in = |password, scope| LogIn { name: name(), password, scope, origin: origin.clone() };
///
/// let tokens = accounts.ask(log_in(password(), Scope::default())).await?;
/// assert_eq!(tokens.scope, Scope::USER);
///
/// // Alice does not administer. She is not told whether the password was wrong or the scope.
/// let refused = accounts.ask(log_in(password(), Scope::ADMIN)).await;
/// assert!(matches!(refused, Err(LoginError::IncorrectOrOutOfScope)));
/// # sekisho.close().await?;
/// # Ok(()) })
/// # }
/// ```
#[derive(Debug, Message)]
#[rtype(result = "Result<TokenPair, LoginError>")]
pub struct LogIn {
    /// A username or an e-mail address.
    pub name: String,
    /// The password.
    pub password: Password,
    /// The scope of the tokens; empty for the scope `user`.
    pub scope: Scope,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

/// Why no session was opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// There is no such user, or the password is wrong.
    #[error("incorrect username or password")]
    Incorrect,
    /// The password is right, but the account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The name or password is wrong, or the user may not have the scope `admin` that was asked for. The
    /// error does not say which.
    #[error("incorrect username or password, or a scope that the user may not have")]
    IncorrectOrOutOfScope,
    /// The password could not be checked.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// An actor failed.
    #[error(transparent)]
    Actor(ActorError),
}

impl<E: Into<ActorError>> From<E> for LoginError {
    fn from(error: E) -> Self {
        Self::Actor(error.into())
    }
}

impl UseCase for LogIn {
    type Answer = TokenPair;
    type Error = LoginError;

    async fn run(self, deps: &Dependencies) -> Result<TokenPair, LoginError> {
        let mut counted = CountOnDrop("abandoned");
        let outcome = log_in(self, deps).await;
        counted.0 = match &outcome {
            Ok(_) => "success",
            Err(LoginError::Incorrect | LoginError::IncorrectOrOutOfScope) => "incorrect",
            Err(LoginError::Disabled) => "disabled",
            Err(LoginError::Check(CheckError::Throttled { .. })) => "throttled",
            Err(LoginError::Check(CheckError::Busy { .. })) => "busy",
            Err(LoginError::Check(CheckError::Actor(_)) | LoginError::Actor(_)) => "failed",
        };
        outcome
    }
}

/// Counts a login when it ends, including when it is dropped because its client has hung up.
struct CountOnDrop(&'static str);

impl Drop for CountOnDrop {
    fn drop(&mut self) {
        metrics::account::LOGINS.with_label_values(&[self.0]).inc();
    }
}

async fn log_in(
    LogIn { name, password, scope, origin }: LogIn,
    deps: &Dependencies,
) -> Result<TokenPair, LoginError> {
    // The answer to a wrong password depends only on the request.
    let incorrect = || {
        if scope.contains(Scope::ADMIN) { LoginError::IncorrectOrOutOfScope } else { LoginError::Incorrect }
    };
    let Ok(name) = LoginName::parse(&name) else { return Err(incorrect()) };
    let check = PasswordCheck::of_login(deps, &name, &origin).await?;
    let find = FindCredentials { identifier: LoginIdentifier::Name(name.key().to_owned()) };
    let found = deps.db.ask(find, &deps.context(Principal::Anonymous, &origin)).await?;
    let user_id = found.as_ref().map(|credentials| credentials.user.id);
    // The password of a user who may not have the scope is not checked. Such a login is answered like one
    // with an unknown name, after the same time, and counts as a failure.
    let admitted = found.and_then(|found| {
        let scope = Scope::for_login(found.user.role, scope).ok()?;
        Some((found, scope))
    });
    let hash = admitted.as_ref().map(|(credentials, _)| credentials.password_hash.clone());
    let verdict = check.run(user_id, password, hash).await?;
    let (Some((credentials, scope)), PasswordVerdict::Right { rehash }) = (admitted, verdict) else {
        return Err(incorrect());
    };
    let user = credentials.user;
    if user.disabled {
        return Err(LoginError::Disabled);
    }
    let secret = deps.tokens.ask(NewRefreshSecret).await?;
    let context = deps.context(Principal::User(user.id), &origin);
    let open = new_session(deps, (user.id, credentials.password_version), scope, &secret, context.now);
    let (authenticated_at, session_ends) = (context.now, open.expires_at);
    // While the hash was computed, the password may have been changed or the account disabled.
    let session_id = deps.db.ask(open, &context).await?.ok_or_else(incorrect)?;
    if let Some(rehash) = rehash {
        deps.renewals.begin(&deps.db, &deps.passwords, user.id, rehash, context);
    }
    let issue = IssueTokens { user, session_id, scope, authenticated_at, session_ends, secret };
    Ok(deps.tokens.ask(issue).await?)
}
