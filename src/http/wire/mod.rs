//! The wire: reading requests, refusing what is wrong with them, and rendering answers.

pub(crate) mod body;
mod causes;
pub(crate) mod client_address;
pub(crate) mod errors;
pub(crate) mod extract;
pub(crate) mod fields;
pub(crate) mod render;
