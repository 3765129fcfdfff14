//! The end of a page of a list.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// The end of a page: the sort key of its last row. It is opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The text by which the last row is sorted; empty if rows are sorted by their numbers.
    pub term: String,
    /// The number of the last row.
    pub id: i64,
}

/// A text that is not a cursor of Sekisho's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct InvalidCursor;

impl Cursor {
    /// Encodes the cursor for a client.
    #[must_use]
    pub fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(format!("{}:{}", self.id, self.term))
    }

    /// Decodes a cursor.
    ///
    /// # Errors
    ///
    /// If [`Cursor::encode`] did not write it.
    pub fn parse(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let text = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
        let (id, term) = text.split_once(':').ok_or(InvalidCursor)?;
        let id = id.parse().map_err(|_| InvalidCursor)?;
        Ok(Self { term: term.to_owned(), id })
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
