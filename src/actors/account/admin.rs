//! What administrators do to everybody's accounts.

use actix::Message;

use super::{
    ActorError, AuthenticateError, Caller, Dependencies, UseCase, authenticate::authenticate,
    error::impl_from_actor_errors, sessions::list_sessions,
};
use crate::{
    actors::db::{
        DeleteRefused, DeleteUser, EndUserSessions, FindUser, ListUsers, Page, UpdateRefused, UpdateUser,
    },
    domain::{AccessToken, Cursor, EndReason, Session, User, UserChange, UserId},
};

/// Why an administrator's wish is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// Who is asking is not known.
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    /// Whoever asks is no administrator, or their token is not meant for it.
    #[error("the operation needs the admin role and scope")]
    Forbidden,
    /// It is too long ago that whoever asks gave their password.
    #[error("the password was given too long ago")]
    NotRecent,
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// Another user has the e-mail address.
    #[error("a user with this email already exists")]
    EmailTaken,
    /// Nobody could administer any more.
    #[error("the last admin can be neither disabled, demoted nor deleted")]
    LastAdmin,
    /// An actor failed.
    #[error(transparent)]
    Actor(#[from] ActorError),
}

impl_from_actor_errors!(AdminError);

async fn authorize(deps: &Dependencies, token: AccessToken) -> Result<Caller, AdminError> {
    let caller = authenticate(deps, token).await?;
    // The scope holds what the token allows and what the role, as it is now, still does.
    if caller.scope.admin { Ok(caller) } else { Err(AdminError::Forbidden) }
}

/// The same for what cannot be taken back, or gives somebody an account: whoever has come by an
/// administrator's token cannot do it without the password.
async fn authorize_recent(deps: &Dependencies, token: AccessToken) -> Result<Caller, AdminError> {
    let caller = authorize(deps, token).await?;
    if caller.authenticated_recently(deps.clock.now()) { Ok(caller) } else { Err(AdminError::NotRecent) }
}

/// Lists users by pages.
#[derive(Debug, Message)]
#[rtype(result = "Result<Page, AdminError>")]
pub struct BrowseUsers {
    /// Who asks.
    pub token: AccessToken,
    /// What the username or the e-mail address begins with; empty for everybody.
    pub prefix: String,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// How many at most.
    pub limit: usize,
}

impl UseCase for BrowseUsers {
    type Answer = Page;
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<Page, AdminError> {
        authorize(deps, self.token).await?;
        let list = ListUsers { prefix: self.prefix, after: self.after, limit: self.limit };
        Ok(deps.db.ask(list).await?)
    }
}

/// Shows one user.
#[derive(Debug, Message)]
#[rtype(result = "Result<User, AdminError>")]
pub struct ShowUser {
    /// Who asks.
    pub token: AccessToken,
    /// About whom.
    pub id: UserId,
}

impl UseCase for ShowUser {
    type Answer = User;
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<User, AdminError> {
        authorize(deps, self.token).await?;
        deps.db.ask(FindUser { id: self.id }).await?.ok_or(AdminError::NotFound)
    }
}

/// Changes a user's role, state or e-mail address.
#[derive(Debug, Message)]
#[rtype(result = "Result<User, AdminError>")]
pub struct ChangeUser {
    /// Who asks.
    pub token: AccessToken,
    /// Whom.
    pub id: UserId,
    /// What.
    pub change: UserChange,
}

impl UseCase for ChangeUser {
    type Answer = User;
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<User, AdminError> {
        authorize_recent(deps, self.token).await?;
        let update = UpdateUser { id: self.id, change: self.change, now: deps.clock.now() };
        deps.db.ask(update).await?.map_err(|refused| match refused {
            UpdateRefused::NotFound => AdminError::NotFound,
            UpdateRefused::EmailTaken => AdminError::EmailTaken,
            UpdateRefused::LastAdmin => AdminError::LastAdmin,
        })
    }
}

/// Deletes a user.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), AdminError>")]
pub struct RemoveUser {
    /// Who asks.
    pub token: AccessToken,
    /// Whom.
    pub id: UserId,
}

impl UseCase for RemoveUser {
    type Answer = ();
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<(), AdminError> {
        authorize_recent(deps, self.token).await?;
        let delete = DeleteUser { id: self.id, expected: None, now: deps.clock.now() };
        deps.db.ask(delete).await?.map_err(|refused| match refused {
            DeleteRefused::NotFound => AdminError::NotFound,
            DeleteRefused::LastAdmin => AdminError::LastAdmin,
        })
    }
}

/// Lists a user's sessions, those that ended lately among them.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Session>, AdminError>")]
pub struct ShowSessionsOfUser {
    /// Who asks.
    pub token: AccessToken,
    /// Whose.
    pub id: UserId,
}

impl UseCase for ShowSessionsOfUser {
    type Answer = Vec<Session>;
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<Vec<Session>, AdminError> {
        authorize(deps, self.token).await?;
        deps.db.ask(FindUser { id: self.id }).await?.ok_or(AdminError::NotFound)?;
        Ok(list_sessions(deps, self.id, true).await?)
    }
}

/// Ends all of a user's sessions.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), AdminError>")]
pub struct EndSessionsOfUser {
    /// Who asks.
    pub token: AccessToken,
    /// Whose.
    pub id: UserId,
}

impl UseCase for EndSessionsOfUser {
    type Answer = ();
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<(), AdminError> {
        authorize(deps, self.token).await?;
        let end = EndUserSessions {
            user_id: self.id,
            except: None,
            reason: EndReason::RevokedByAdmin,
            now: deps.clock.now(),
        };
        deps.db.ask(end).await?.map(|_| ()).ok_or(AdminError::NotFound)
    }
}
