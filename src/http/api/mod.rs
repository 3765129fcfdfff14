//! The JSON API: accounts, their sessions, and their administration.

pub(crate) mod admin;
pub(crate) mod sessions;
pub(crate) mod users;
