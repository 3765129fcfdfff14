//! The OpenAPI document: what it says of each endpoint, written beside the handlers, and how it is put together.

pub(crate) mod document;
pub(crate) mod operation;
mod responses;
pub(crate) mod schema;
