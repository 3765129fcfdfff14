//! Compares the documentation with the program: pasted commands work, tables are complete, copied code equals
//! the code, and examples run.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod dangers;
mod embedding;
mod examples;
mod links;
mod metrics;
mod proxies;
mod readme;
mod restore;
mod support;
