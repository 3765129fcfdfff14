//! Pages of users, by keyset: the thousandth page costs what the first does.

use actix::Message;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rusqlite::{Connection, Row};

use super::{
    Access, DbError, DbMessage,
    columns::{user, user_columns},
};
use crate::domain::{User, UserId};

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
    concat!("SELECT ", user_columns!(), ", '' FROM users u WHERE u.id > ?1 ORDER BY u.id LIMIT ?2");

/// Two ranges of two unique indexes, merged by their common order. Whoever matches by both names
/// is listed once, under the username.
pub(super) const BY_PREFIX: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", u.username_key AS term FROM users u
     WHERE u.username_key >= ?1 AND u.username_key < ?2 AND (u.username_key, u.id) > (?3, ?4)
     UNION ALL
     SELECT ",
    user_columns!(),
    ", u.email_key AS term FROM users u
     WHERE u.email_key >= ?1 AND u.email_key < ?2 AND (u.email_key, u.id) > (?3, ?4)
       AND NOT (u.username_key >= ?1 AND u.username_key < ?2)
     ORDER BY term, 1 LIMIT ?5"
);

impl DbMessage for ListUsers {
    type Answer = Page;
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Connection) -> Result<Page, DbError> {
        let after = self.after.unwrap_or(Cursor { term: String::new(), id: 0 });
        // One row more than asked for tells whether there is a next page.
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX).saturating_add(1);
        let read = |row: &Row<'_>| -> rusqlite::Result<(User, String)> { Ok((user(row)?, row.get(6)?)) };
        let prefix = self.prefix.to_lowercase();
        let mut rows: Vec<(User, String)> = if prefix.is_empty() {
            let mut statement = db.prepare_cached(BY_ID)?;
            statement.query_map((after.id, limit), read)?.collect::<Result<_, _>>()?
        } else {
            let end = format!("{prefix}\u{10FFFF}");
            let mut statement = db.prepare_cached(BY_PREFIX)?;
            statement
                .query_map((&prefix, &end, &after.term, after.id, limit), read)?
                .collect::<Result<_, _>>()?
        };
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = rows
            .last()
            .filter(|_| more)
            .map(|(User { id: UserId(id), .. }, term)| Cursor { term: term.clone(), id: *id });
        Ok(Page { items: rows.into_iter().map(|(user, _)| user).collect(), next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
