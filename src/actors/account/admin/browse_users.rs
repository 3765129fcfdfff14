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

/// Lists users page by page.
///
/// The caller needs the role and the scope `admin` ([`AdminError::Forbidden`]).
#[derive(Debug, Message)]
#[rtype(result = "Result<Page, AdminError>")]
pub struct BrowseUsers {
    /// The administrator's access token.
    pub token: AccessToken,
    /// The beginning of the username or the e-mail address; empty for all users.
    pub prefix: String,
    /// The end of the previous page; `None` for the first page.
    pub after: Option<Cursor>,
    /// The maximum number of users on the page.
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
