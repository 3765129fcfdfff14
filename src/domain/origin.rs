//! Where a request came from, and what it is called in the log.

use std::{fmt, net::IpAddr, sync::Arc};

/// The origin of a request: its address and program, as the list of sessions shows them, and its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestOrigin {
    /// The address of the client, as the connection or a trusted proxy gives it.
    pub ip: Option<IpAddr>,
    /// The `User-Agent`, truncated to [`RequestOrigin::MAX_USER_AGENT`] characters.
    pub user_agent: Option<Arc<str>>,
    /// The request's name in the log and in the header `X-Request-Id` of its answer.
    pub request_id: RequestId,
}

impl RequestOrigin {
    /// The maximum number of characters of a stored `User-Agent`.
    pub const MAX_USER_AGENT: usize = 256;
}

/// The name of a request: the client's, or a number that the server gave. Without either it is shown as `-`.
///
/// ```
/// use sekisho::domain::RequestId;
///
/// assert_eq!(RequestId::numbered(255).to_string(), "00000000000000ff");
/// assert_eq!(RequestId::parse("from-my-proxy").unwrap().to_string(), "from-my-proxy");
/// assert_eq!(RequestId::default().to_string(), "-");
/// assert!(RequestId::parse("two\nlines").is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestId(Name);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Name {
    #[default]
    Nameless,
    Number(u64),
    Text(Arc<str>),
}

impl RequestId {
    /// The most characters of a client's name for its request.
    const MAX_LENGTH: usize = 128;

    /// The name that the server gives.
    #[must_use]
    pub const fn numbered(number: u64) -> Self {
        Self(Name::Number(number))
    }

    /// A client's name for its request; `None` if it has other characters than letters, digits, dots, hyphens
    /// and underscores, or too many.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::is_well_formed(text.as_bytes()).then(|| Self(Name::Text(text.into())))
    }

    /// Whether [`RequestId::parse`] takes it.
    #[must_use]
    pub fn is_well_formed(text: &[u8]) -> bool {
        (1..=Self::MAX_LENGTH).contains(&text.len())
            && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Name::Nameless => f.write_str("-"),
            Name::Number(number) => write!(f, "{number:016x}"),
            Name::Text(text) => f.write_str(text),
        }
    }
}
