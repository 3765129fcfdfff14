//! Sekisho (関所, the checkpoint on the road): accounts, passwords, sessions and tokens.
pub mod actors;
pub mod config;
pub mod domain;
mod metrics;
