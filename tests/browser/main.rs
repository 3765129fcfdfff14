//! What a user sees of Sekisho, in a real browser.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod cross_site;
mod docs;
mod page;
mod process;
mod visit;
