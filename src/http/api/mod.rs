//! The JSON API: accounts, their sessions, and their administration.

pub(crate) mod admin;
pub(crate) mod own;
pub(crate) mod registration;
pub(crate) mod session;
