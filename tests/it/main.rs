//! Actors by messages, then HTTP by a real socket, both with a real SQLite file and a simulated clock.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod actors;
mod architecture;
mod circles;
mod http;
mod imports;
mod support;
