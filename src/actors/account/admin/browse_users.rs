//! Listing users.

use actix::Message;

use super::{AdminError, authorize::authorize};
use crate::{
    actors::{
        account::{Dependencies, UseCase},
        db::{ListUsers, Page},
    },
    domain::{AccessToken, Cursor, RequestOrigin},
};

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
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for BrowseUsers {
    type Answer = Page;
    type Error = AdminError;

    async fn run(self, deps: &Dependencies) -> Result<Page, AdminError> {
        let caller = authorize(deps, self.token).await?;
        let context = caller.context(deps, &self.origin);
        let list = ListUsers { prefix: self.prefix, after: self.after, limit: self.limit };
        Ok(deps.db.ask(list, &context).await?)
    }
}
