//! The command as real processes: flags, faults, shutdown.
//!
//! These tests start the program itself, send it signals, fill its disk and replace its database. Those that
//! mount file systems, change owners or read another process's memory need root, and are ignored without the
//! feature `root-tests`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod activation;
mod backup;
mod config;
mod disk_full;
mod doctor;
mod encryption;
mod faults;
mod healthcheck;
mod import;
mod keys;
mod logs;
mod lost_answers;
mod memory;
mod remains;
mod replaced;
mod shutdown;
mod startup;
mod support;
mod tmpfs;
mod two_servers;
mod unread;
mod users;
mod watching;
