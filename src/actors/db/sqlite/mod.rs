//! The database in an SQLite file, owned by [`DbActor`], which runs on one thread with one connection.
//!
//! For each file of messages there is a file here with the SQL that answers them.

mod actor;
mod backup;
mod batch;
mod columns;
mod commit;
mod connection;
mod counts;
mod credentials;
mod error;
mod file;
mod health;
mod import;
mod inspect;
mod key_set;
mod keys;
mod listing;
mod networks;
mod purge;
mod refresh_secrets;
mod rotation;
mod run;
mod schema;
mod scrub;
mod sessions;
mod start_error;
mod stored_secrets;
mod tutorial;
mod unpublished_file;
mod users;

pub use self::{
    actor::DbActor,
    backup::{CopyError, CopyReport, OldTokens, RestoreError, back_up, restore},
    file::DbFile,
    run::{Access, Run, Tx},
    start_error::StartError,
    tutorial::read_tutorial_database,
};
