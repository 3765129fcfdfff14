//! The wire: reading requests, refusing what is wrong with them, and rendering answers.

pub(crate) mod api_error;
pub(crate) mod bearer;
pub(crate) mod body;
mod causes;
pub(crate) mod client_address;
pub(crate) mod errors;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod json;
pub(crate) mod origin;
pub(crate) mod parameters;
pub(crate) mod render;
pub(crate) mod validation;
