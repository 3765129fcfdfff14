//! Use cases and the database, by messages alone.

mod attempts;
mod forgery;
mod group_commit;
mod handle;
mod import;
mod indexes;
mod keys;
mod last_admin;
mod lookups;
mod networks;
mod password_threads;
mod passwords;
pub mod probes;
mod refresh_chains;
mod refresh_secrets;
mod refresh_tokens_of_before;
mod rotation;
mod rotation_groups;
mod sessions;
mod smoke;
pub mod steps;
pub mod throttle;
mod tutorial;
mod upgrade;
mod users;
mod wrapping;
