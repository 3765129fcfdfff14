//! Sekisho (関所, the checkpoint on the road) is an authentication service: accounts, passwords,
//! sessions and tokens for an API, in one binary over one SQLite file.
//!
//! The modules, in reading order; each may use those before it and none after:
//!
//! - [`domain`]: parsed values, no I/O;
//! - [`config`]: flags, environment and `.env`;
//! - [`actors`]: who does the work, and the messages they exchange;
//! - [`http`]: requests to messages, answers to responses;
//! - [`app`]: starting and ending it all;
//! - [`cli`]: the commands.
//!
//! # Embedding
//!
//! [`app::Sekisho::start`] starts the actors on an actix system; [`app::Sekisho::configure`] adds
//! the routes to your own application, and [`http::CurrentUser`] and [`http::CurrentAdmin`] are
//! extractors for your handlers. Without HTTP, [`app::Sekisho::accounts`] takes the messages of [`actors::account`].
//! `examples/embed.rs` and `examples/messages.rs` show both.

pub mod actors;
pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod http;
mod metrics;
