//! Finds where one request ends and the next begins, as far as needed to give actix-http one after the other.
//! actix-http decides what a request says, and whether it is one.

use crate::http::RequestBody;

/// Follows the bytes that are handed on. When two requests arrive together, it holds back the last byte of
/// the second one's head, whatever else of it may have been handed on.
#[derive(Debug, Default)]
pub(super) struct HeadScanner {
    line: Line,
    /// Whether the head has a line that is not blank. Blank lines before it mean nothing.
    has_text: bool,
    /// Whether any byte was handed on since the last request.
    is_begun: bool,
    /// Whether a head was handed on completely.
    is_complete: bool,
    /// How many bytes were handed on after it.
    behind: usize,
}

/// The content so far of the current line.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Line {
    #[default]
    Nothing,
    CarriageReturn,
    Text,
}

impl HeadScanner {
    /// How many of these bytes may be handed on, and whether the limit is the end of a second head among
    /// them.
    pub(super) fn admit(&mut self, bytes: &[u8]) -> (usize, bool) {
        self.is_begun |= !bytes.is_empty();
        let mut admitted = 0;
        while let Some(end) = self.find_end(bytes.get(admitted..).unwrap_or_default()) {
            if self.is_complete {
                self.behind += end;
                return (admitted + end, true);
            }
            self.is_complete = true;
            self.begin_line();
            admitted += end + 1;
        }
        if self.is_complete {
            self.behind += bytes.len() - admitted;
        }
        (bytes.len(), false)
    }

    /// How many of these bytes of a chunked body may be handed on: the body may end with a blank line.
    pub(super) fn admit_chunks(&mut self, bytes: &[u8]) -> usize {
        let Some(end) = self.find_end(bytes) else { return bytes.len() };
        self.begin_line();
        end + 1
    }

    fn begin_line(&mut self) {
        (self.has_text, self.line) = (false, Line::Nothing);
    }

    /// The position of the line feed that ends the head, if there is one.
    fn find_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut start = 0;
        for at in memchr::memchr_iter(b'\n', bytes) {
            self.extend_line(bytes.get(start..at).unwrap_or_default());
            if self.line == Line::Text {
                self.has_text = true;
            } else if self.has_text {
                return Some(at);
            }
            self.line = Line::Nothing;
            start = at + 1;
        }
        self.extend_line(bytes.get(start..).unwrap_or_default());
        None
    }

    fn extend_line(&mut self, more: &[u8]) {
        self.line = match (self.line, more) {
            (line, []) => line,
            (Line::Nothing, [b'\r']) => Line::CarriageReturn,
            _ => Line::Text,
        };
    }

    /// How many bytes of its body were handed on together with a head.
    pub(super) const fn behind(&self) -> usize {
        self.behind
    }

    /// Whether a head has begun and is not complete.
    pub(super) const fn is_partial(&self) -> bool {
        self.is_begun && !self.is_complete
    }

    /// Notes that the request was answered. Bytes that were handed on after its body belong to the next
    /// request.
    pub(super) fn next(&mut self, body: RequestBody) {
        match body {
            RequestBody::Length(length) if self.behind > length => {
                (self.is_complete, self.behind) = (false, 0);
            }
            RequestBody::Length(_) | RequestBody::Chunked | RequestBody::Read => *self = Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is handed on at once, of bytes that arrive in pieces of a size.
    fn admitted(text: &str, size: usize) -> String {
        let (mut scanner, mut admitted) = (HeadScanner::default(), String::new());
        for piece in text.as_bytes().chunks(size) {
            let (count, _) = scanner.admit(piece);
            admitted.push_str(std::str::from_utf8(&piece[..count]).unwrap());
            if count < piece.len() {
                break;
            }
        }
        admitted
    }

    #[test]
    fn of_the_second_request_the_last_byte_is_held_back() {
        for (text, expected) in [
            ("", ""),
            ("GET / HT", "GET / HT"),
            ("GET /\r\nHost: x\r\n", "GET /\r\nHost: x\r\n"),
            ("GET /\r\n\r\n", "GET /\r\n\r\n"),
            ("GET /\n\n", "GET /\n\n"),
            ("GET /\n\r\n", "GET /\n\r\n"),
            ("GET /\r\n\nGET", "GET /\r\n\nGET"),
            ("\r\n\r\n\nGET /\r\n\r\n", "\r\n\r\n\nGET /\r\n\r\n"),
            ("POST /\r\n\r\nbody", "POST /\r\n\r\nbody"),
            ("POST /\r\n\r\nbody\r\n\r\nmore", "POST /\r\n\r\nbody\r\n\r"),
            ("GET 1\r\n\r\nGET 2\r\n", "GET 1\r\n\r\nGET 2\r\n"),
            ("GET 1\r\n\r\nGET 2\r\n\r", "GET 1\r\n\r\nGET 2\r\n\r"),
            ("GET 1\r\n\r\nGET 2\r\n\r\n", "GET 1\r\n\r\nGET 2\r\n\r"),
            ("GET 1\r\n\r\nGET 2\r\n\r\nGET 3\r\n\r\n", "GET 1\r\n\r\nGET 2\r\n\r"),
            ("GET 1\n\nGET 2\n\nGET 3\n\n", "GET 1\n\nGET 2\n"),
            ("GET 1\r\n\r\n\r\n\r\nGET 2\r\n\r\n", "GET 1\r\n\r\n\r\n\r\nGET 2\r\n\r"),
            ("GET 1\r\nx: \r\r\n\r\n", "GET 1\r\nx: \r\r\n\r\n"),
        ] {
            for size in [1, 2, 3, 7, 100] {
                assert_eq!(admitted(text, size), expected, "{text:?} by {size}");
            }
        }
    }

    #[test]
    fn what_was_held_back_comes_with_the_next_request() {
        let text = "GET 1\r\n\r\nGET 2\r\n\r\nGET 3\r\n\r\n";
        let (mut scanner, mut at, mut pieces) = (HeadScanner::default(), 0, Vec::new());

        while at < text.len() {
            let (count, _) = scanner.admit(&text.as_bytes()[at..]);
            pieces.push(&text[at..at + count]);
            at += count;
            scanner.next(RequestBody::Length(0));
        }

        assert_eq!(pieces, ["GET 1\r\n\r\nGET 2\r\n\r", "\nGET 3\r\n\r", "\n"]);
        assert!(!scanner.is_partial());
    }

    #[test]
    fn a_head_is_partial_until_it_ends_and_a_body_is_none() {
        let mut scanner = HeadScanner::default();
        assert!(!scanner.is_partial());
        scanner.admit(b"\r\n");
        assert!(scanner.is_partial());
        scanner.admit(b"POST / HTTP/1.1\r\n\r\nbo");
        assert!(!scanner.is_partial() && scanner.behind() == 2);
        scanner.next(RequestBody::Length(4));
        assert!(!scanner.is_partial());
        scanner.admit(b"GET / HTTP/1.1\r\n\r\nGE");
        scanner.next(RequestBody::Length(0));
        assert!(scanner.is_partial());
    }

    #[test]
    fn chunks_are_handed_on_to_a_blank_line() {
        let mut scanner = HeadScanner::default();
        assert_eq!(scanner.admit_chunks(b"3\r\nabc\r\n0\r\n"), 11);
        assert_eq!(scanner.admit_chunks(b"\r\nGET / HTTP/1.1"), 2);
    }
}
