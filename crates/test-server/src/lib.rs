//! A server for tests: it runs as a process, on a free port, with its own database.
//!
//! A suite names the program, which only the suite's own package knows, and gets a [`Home`] to run it in:
//!
//! ```no_run
//! # let program = "target/debug/sekisho";
//! let home = test_server::Home::new(program);
//! let server = home.serve();
//! let tokens = server.newcomer("alice");
//! server.me(&tokens).expect(200);
//! server.stop();
//! ```
//!
//! [`Connection`] writes and reads bytes, so it can send what is not HTTP, stop in the middle, and hang up.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "it serves tests, which fail by panicking"
)]

mod home;
mod http;
mod outcome;
mod proxy;
mod server;

use std::time::{Duration, Instant};

pub use self::{
    home::{Home, command, files_in},
    http::{Connection, Response, Tokens, form, unused_network},
    outcome::{Outcome, finish, finish_reading},
    proxy::Proxy,
    server::{Ended, Server, Starting},
};

/// The password of every user that a test adds.
pub const PASSWORD: &str = "correct horse battery";

/// How long anything may take before a test gives up: far longer than it should.
pub const TIMEOUT: Duration = Duration::from_mins(2);

/// Waits until a condition holds.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
