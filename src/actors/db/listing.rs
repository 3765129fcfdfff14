//! Pages of users, by keyset: the thousandth page costs what the first does.

use actix::Message;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rusqlite::{Connection, Rows};

use super::{
    Access, DbError, DbMessage,
    columns::{user, user_columns},
};
use crate::domain::User;

/// Lists users: all of them by number, or those whose username or e-mail address begins with a
/// text, by that name.
#[derive(Debug, Message)]
#[rtype(result = "Result<Page, DbError>")]
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

/// Where a page ended. To clients it is opaque; it holds the last row's sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    term: String,
    id: i64,
}

/// A text that is none of our cursors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct InvalidCursor;

impl Cursor {
    /// Writes the cursor for a client.
    #[must_use]
    pub fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(format!("{}:{}", self.id, self.term))
    }

    /// Reads a cursor back.
    ///
    /// # Errors
    ///
    /// When it is not one that [`Cursor::encode`] wrote.
    pub fn parse(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let text = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
        let (id, term) = text.split_once(':').ok_or(InvalidCursor)?;
        let id = id.parse().map_err(|_| InvalidCursor)?;
        Ok(Self { term: term.to_owned(), id })
    }
}

/// Everybody, in the order of the primary key.
pub(super) const BY_ID: &str =
    concat!("SELECT ", user_columns!(), ", '', 0 FROM users u WHERE u.id > ?1 ORDER BY u.id LIMIT ?2");

/// Two ranges of two unique indexes, merged by their common order, from where the page before ended.
/// No term stands twice, since only e-mail addresses hold an `@`.
///
/// Whoever matches by both names is there twice, the second time marked. They are not left out here,
/// because where everybody matches by both, that would read everybody to find nobody else.
pub(super) const BY_PREFIX: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", u.username_key AS term, 0 FROM users u
     WHERE u.username_key >= ?1 AND u.username_key < ?2 AND u.username_key > ?3
     UNION ALL
     SELECT ",
    user_columns!(),
    ", u.email_key AS term, u.username_key >= ?4 AND u.username_key < ?2 FROM users u
     WHERE u.email_key >= ?1 AND u.email_key < ?2 AND u.email_key > ?3
     ORDER BY term LIMIT ?5"
);

/// A page by prefix reads so many rows for each user that it lists, at most. One that met more
/// users who were listed already is shorter than it might be.
const ROWS_PER_USER: i64 = 8;

impl DbMessage for ListUsers {
    type Answer = Page;
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Connection) -> Result<Page, DbError> {
        let after = self.after.unwrap_or(Cursor { term: String::new(), id: 0 });
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX);
        let prefix = self.prefix.to_lowercase();
        if prefix.is_empty() {
            // One row more than asked for tells whether there is a next page.
            let most = limit.saturating_add(1);
            let mut statement = db.prepare_cached(BY_ID)?;
            return page(statement.query((after.id, most))?, self.limit, most);
        }
        let start = prefix.as_str().max(&after.term);
        let end = format!("{prefix}\u{10FFFF}");
        let most = limit.saturating_mul(ROWS_PER_USER).saturating_add(1);
        let mut statement = db.prepare_cached(BY_PREFIX)?;
        page(statement.query((start, &end, &after.term, &prefix, most))?, self.limit, most)
    }
}

/// Reads a page from the rows: a user, the term they are sorted by, and whether they are listed
/// under another. `most` is how many rows there can be.
fn page(mut rows: Rows<'_>, limit: usize, most: i64) -> Result<Page, DbError> {
    let mut items = Vec::new();
    let mut last = None;
    let mut read = 0;
    while let Some(row) = rows.next()? {
        read += 1;
        let is_listed_already: bool = row.get(7)?;
        if read == most || (items.len() == limit && !is_listed_already) {
            return Ok(Page { items, next: last });
        }
        let user = user(row)?;
        last = Some(Cursor { term: row.get(6)?, id: user.id.0 });
        if !is_listed_already {
            items.push(user);
        }
    }
    Ok(Page { items, next: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        actors::db::{DbFile, InsertUser},
        config::Database,
        domain::{Email, PasswordHash, Role, Timestamp, Username},
    };

    #[test]
    fn whoever_matches_by_both_names_is_listed_once_over_all_pages() {
        // Usernames and addresses that alternate in their common order, and that stand apart.
        for (username, email) in [("x-%", "x-%@example.com"), ("x-a%", "x-z%@example.com")] {
            let db = DbFile::open(&Database::Memory).unwrap().connect().unwrap();
            for number in 10..70 {
                let name = |pattern: &str| pattern.replace('%', &number.to_string());
                let insert = InsertUser {
                    email: Email::parse(&name(email)).unwrap(),
                    username: Username::parse(&name(username)).unwrap(),
                    password_hash: PasswordHash::new("none".to_owned()),
                    role: Role::User,
                    now: Timestamp::from_millis(0),
                };
                insert.run(&db).unwrap().unwrap();
            }

            for limit in [1, 3, 59, 60, 200] {
                let mut found = Vec::new();
                let mut after = None;
                loop {
                    let page = ListUsers { prefix: "X-".to_owned(), after, limit }.run(&db).unwrap();
                    assert!(page.items.len() <= limit);
                    found.extend(page.items.into_iter().map(|user| user.id.0));
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                assert_eq!(found, (1..=60).collect::<Vec<_>>(), "{username} by {limit}");
            }
        }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = Cursor { term: "zoë:x@example.com".to_owned(), id: 42 };

        assert_eq!(Cursor::parse(&cursor.encode()), Ok(cursor));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in ["", "x", "!!!", "bm90YWN1cnNvcg", "Og", "OjE"] {
            assert_eq!(Cursor::parse(text), Err(InvalidCursor), "{text}");
        }
    }
}
