//! The actors, and how to reach them.
//!
//! | actor | runs on | how many | owns |
//! |---|---|---|---|
//! | [`db::sqlite::DbActor`] | its own thread | one | the SQLite file |
//! | [`password::PasswordActor`] | the main thread; its hash threads at low priority | one; one hash thread
//! per core | bcrypt |
//! | [`throttle::ThrottleActor`] | the main thread | one | who may try a password, and when |
//! | [`token::TokenActor`] | each HTTP worker | one per worker | the keyring |
//! | [`account::AccountActor`] | each HTTP worker | one per worker | the use cases |
//! | [`maintenance::MaintenanceActor`] | the main thread | one | key rotation, purging, counting |

pub mod account;
pub mod db;
mod handle;
pub mod maintenance;
mod panic;
pub mod password;
mod ping;
pub mod throttle;
pub mod token;

pub use self::{
    handle::{Handle, Limits, Named, Unreachable},
    ping::{Ping, PingError, Pinger},
};
