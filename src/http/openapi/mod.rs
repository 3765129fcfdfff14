//! The OpenAPI document. The descriptions of the endpoints are written beside their handlers; this module
//! assembles them.

pub(crate) mod document;
pub(crate) mod operation;
mod responses;
pub(crate) mod schema;
