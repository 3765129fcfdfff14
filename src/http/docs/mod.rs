//! The documentation, served from the binary alone.

mod asset;
pub(crate) mod documentation;
pub(crate) mod page;
