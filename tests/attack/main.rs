//! Attacks that once worked, each tried again against a real server on a socket: a file per weakness,
//! named after the claim that now holds.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "../it/support/mod.rs"]
mod support;
