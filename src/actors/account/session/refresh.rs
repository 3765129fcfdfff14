//! Refreshing: exchanging a refresh token for a new pair of tokens.

use actix::Message;

use crate::{
    actors::{
        account::{ActorError, Dependencies, UseCase},
        db::{Request, RotateSession},
        token::{DeriveCurrent, IssueTokens, ProposeSuccessor},
    },
    domain::{
        EndReason, InvalidScope, OriginFingerprint, Principal, RefreshAttempt, RefreshToken, RequestOrigin,
        Rotation, Scope, SessionId, Theft, TokenPair, UserId,
    },
    metrics,
};

/// Exchanges a refresh token for a new pair of tokens (RFC 6749, section 6).
///
/// Possession of the token is enough. [`RefreshError::Invalid`] or [`RefreshError::Ended`] if it leads to no
/// live session, [`RefreshError::Reused`] if it was replaced before the grace, which ends the session, and
/// [`RefreshError::InvalidScope`] if more is requested than the session may have.
///
/// ```
/// # use sekisho::{app::{Overrides, Sekisho}, config::{Config, Database}, domain::*};
/// use sekisho::actors::account::Refresh;
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
/// # let (name, scope) = ("alice".to_owned(), Scope::default());
/// # let log_in = sekisho::actors::account::LogIn { name, password: password(), scope, origin: origin.clone() };
/// # let tokens = accounts.ask(log_in).await?;
/// let refresh = |token: &RefreshToken| {
///     Refresh { token: token.clone(), scope: Scope::default(), origin: origin.clone() }
/// };
///
/// let renewed = accounts.ask(refresh(&tokens.refresh_token)).await?;
///
/// // Within the grace the answer to the replaced token is the current one: the first answer may be lost.
/// let again = accounts.ask(refresh(&tokens.refresh_token)).await?;
/// assert_eq!(again.refresh_token.expose(), renewed.refresh_token.expose());
/// # sekisho.close().await?;
/// # Ok(()) })
/// # }
/// ```
#[derive(Debug, Message)]
#[rtype(result = "Result<TokenPair, RefreshError>")]
pub struct Refresh {
    /// The refresh token.
    pub token: RefreshToken,
    /// The scope of the new access token; empty for the scope that the session was opened with.
    pub scope: Scope,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

/// Why the refresh token was not exchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// The token was not issued here, or its session or user no longer exists.
    #[error("the refresh token is invalid")]
    Invalid,
    /// Its session has ended.
    #[error("the session has ended: {}", .0.as_str())]
    Ended(EndReason),
    /// The token had been replaced, so two parties hold it. Its session has just been ended.
    #[error("the refresh token was used again; its session has ended")]
    Reused,
    /// The requested scope exceeds the session's.
    #[error(transparent)]
    InvalidScope(#[from] InvalidScope),
    /// An actor failed.
    #[error(transparent)]
    Actor(ActorError),
}

impl<E: Into<ActorError>> From<E> for RefreshError {
    fn from(error: E) -> Self {
        Self::Actor(error.into())
    }
}

impl UseCase for Refresh {
    type Answer = TokenPair;
    type Error = RefreshError;

    async fn run(self, deps: &Dependencies) -> Result<TokenPair, RefreshError> {
        let propose = ProposeSuccessor { token: self.token };
        let (presented, successor) = deps.tokens.ask(propose).await?.ok_or(RefreshError::Invalid)?;
        let session_id = presented.session_id;
        let attempt = RefreshAttempt {
            presented: presented.secret.hash(),
            from: OriginFingerprint::of(&self.origin),
            successor: successor.secret.hash(),
            derivation: successor.derivation,
            requested: self.scope,
            rules: deps.rules.sessions,
        };
        let rotate = Request {
            message: RotateSession { id: session_id, attempt },
            context: deps.context(Principal::Anonymous, &self.origin).in_session(session_id),
        };
        let rotation = deps.rotations.ask(rotate).await?;
        metrics::account::REFRESHES.with_label_values(&[outcome_of(&rotation)]).inc();
        let (user, scope, authenticated_at, session_ends, secret) = match rotation {
            Rotation::Rotated { user, scope, authenticated_at, expires_at } => {
                (user, scope, authenticated_at, expires_at, successor.secret)
            }
            Rotation::Replayed { user, scope, authenticated_at, expires_at, derivations, elsewhere } => {
                if elsewhere {
                    report_replay(session_id, user.id, &self.origin);
                }
                let scope = scope?;
                // A retry gets the tokens of the lost answer; a tab that fell behind gets the newest ones.
                let derive = DeriveCurrent { replaced: presented, derivations };
                (user, scope, authenticated_at, expires_at, deps.tokens.ask(derive).await?)
            }
            Rotation::Reused { user, theft } => {
                report_theft(session_id, user.id, theft, &self.origin);
                return Err(RefreshError::Reused);
            }
            Rotation::Ended(reason) => return Err(RefreshError::Ended(reason)),
            Rotation::InvalidScope(error) => return Err(error.into()),
            Rotation::Unknown => return Err(RefreshError::Invalid),
        };
        let issue = IssueTokens { user, session_id, scope, authenticated_at, session_ends, secret };
        Ok(deps.tokens.ask(issue).await?)
    }
}

const fn outcome_of(rotation: &Rotation) -> &'static str {
    match rotation {
        Rotation::Rotated { .. } => "rotated",
        Rotation::Replayed { elsewhere: true, .. } => "replayed_elsewhere",
        Rotation::Replayed { scope: Ok(_), .. } => "replayed",
        Rotation::Reused { .. } => "reused",
        Rotation::Replayed { scope: Err(_), .. }
        | Rotation::Ended(_)
        | Rotation::Unknown
        | Rotation::InvalidScope(_) => "refused",
    }
}

/// Logs a replay from another network. A phone that changes networks between two attempts causes one, and so
/// does a quick thief.
fn report_replay(session: SessionId, user: UserId, origin: &RequestOrigin) {
    log::info!(
        request_id:% = origin.request_id, session = session.0, user = user.0, ip = ip_of(origin);
        "a refresh token that was just replaced came again from another network"
    );
}

fn report_theft(session: SessionId, user: UserId, theft: Theft, origin: &RequestOrigin) {
    log::warn!(
        request_id:% = origin.request_id, session = session.0, user = user.0, ip = ip_of(origin);
        "the session was ended: {}", theft.as_str()
    );
}

/// The address as the access log shows it.
fn ip_of(origin: &RequestOrigin) -> String {
    origin.ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string())
}
