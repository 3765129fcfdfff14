//! Starts the actors and the server, and shuts them down in order.

mod application;
mod connection;
mod dangers;
mod error;
mod head_scanner;
mod listener;
mod overrides;
mod sekisho;
mod server;

pub use self::{
    application::Application,
    dangers::{Danger, Severity, find_dangers},
    error::AppError,
    listener::ConnectionLimits,
    overrides::Overrides,
    sekisho::Sekisho,
};
