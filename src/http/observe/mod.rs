//! What happens to every request: its id, headers, metrics and line in the log, and the end of its body.

mod access_log;
mod headers;
pub(crate) mod middleware;
mod outage_log;
mod request_id;
pub(crate) mod request_tracker;
pub(crate) mod unread;

pub(crate) use self::request_id::request_id;
