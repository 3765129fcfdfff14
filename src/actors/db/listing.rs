//! Pages of users, by keyset: the thousandth page costs what the first does.

use actix::Message;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{DbError, DbMessage};
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
    pub(super) term: String,
    pub(super) id: i64,
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

impl DbMessage for ListUsers {
    type Answer = Page;
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
