//! Pages of users, by keyset: the thousandth page costs what the first does.

use super::DbMessage;
use crate::domain::{Cursor, User};

/// Lists users: all of them by number, or those whose username or e-mail address begins with a
/// text, by that name.
#[derive(Debug)]
pub struct ListUsers {
    /// What the username or the e-mail address begins with, in any case; empty for everybody.
    pub prefix: String,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// How many at most.
    pub limit: usize,
}

/// A page of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The users.
    pub items: Vec<User>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

impl DbMessage for ListUsers {
    type Answer = Page;
}
