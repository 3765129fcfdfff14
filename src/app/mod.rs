//! Starts the actors and the server, and shuts them down in order.

mod application;
mod connection;
mod dangers;
mod ending;
mod error;
mod head_scanner;
mod inherited_socket;
mod listener;
mod overrides;
mod sekisho;
mod server;

pub use self::{
    application::Application,
    dangers::{Danger, Severity, find_dangers},
    error::AppError,
    inherited_socket::{InheritedSocket, InheritedSocketError},
    listener::ConnectionLimits,
    overrides::Overrides,
    sekisho::Sekisho,
};
