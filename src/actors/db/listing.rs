//! Pages of users, by keyset: the thousandth page costs as much as the first.

use super::DbMessage;
use crate::domain::{Cursor, User};

/// Lists users: all of them in the order of their numbers, or those whose username or e-mail address begins
/// with a text, in the order of that name.
#[derive(Debug)]
pub struct ListUsers {
    /// The beginning of the username or the e-mail address, in upper or lower case; empty for all users.
    pub prefix: String,
    /// The end of the previous page.
    pub after: Option<Cursor>,
    /// The maximum number of users.
    pub limit: usize,
}

/// A page of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The users on the page.
    pub items: Vec<User>,
    /// The start of the next page; `None` on the last.
    pub next: Option<Cursor>,
}

impl DbMessage for ListUsers {
    type Answer = Page;
}
