//! The documentation, served from the binary alone.

pub(crate) mod asset;
pub(crate) mod page;
