//! Attacks that once worked, each tried again against a real server on a socket: a file per weakness,
//! named after the claim that now holds.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod a_logins_time_does_not_tell_whose_hash_it_is;
#[path = "../it/support/mod.rs"]
#[allow(dead_code, reason = "the support is made for all tests, of which these use a part")]
mod support;
mod the_right_password_is_never_refused;
