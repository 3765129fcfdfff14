//! The OpenAPI document. The descriptions of the endpoints are written beside their handlers; this module
//! assembles them.

mod document;
pub(crate) mod operation;
mod responses;
pub(crate) mod schema;

pub(crate) use self::{
    document::document,
    operation::{Operation, Tag},
    schema::{Parameter, Schema, object},
};
