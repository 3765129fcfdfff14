//! The database, as a set of messages.
//!
//! The files here declare messages and their answers, and name no engine. The folder [`sqlite`] has the SQL
//! that answers them. [`Db`] sends a message to the engine in use, in a [`Request`] with its
//! [`Context`](crate::domain::Context). The database never hashes, signs or knows HTTP.

mod counts;
mod credentials;
mod engine;
mod error;
mod health;
mod import;
mod keys;
mod listing;
mod message;
mod networks;
mod purge;
mod refresh_secrets;
mod rotation;
mod sessions;
pub mod sqlite;
mod stored_secrets;
mod users;

pub use self::{
    counts::*, credentials::*, engine::*, error::*, health::*, import::*, keys::*, listing::*, message::*,
    networks::*, purge::*, refresh_secrets::*, rotation::*, sessions::*, stored_secrets::*, users::*,
};
