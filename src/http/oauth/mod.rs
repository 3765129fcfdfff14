//! The OAuth 2.0 endpoints, and what other services need to verify tokens.

pub(crate) mod keys;
pub(crate) mod token;
