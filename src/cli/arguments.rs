//! The commands and their arguments.

use clap::{Parser, Subcommand};

use super::{backup, doctor, healthcheck, import, keys, restore, sessions, tune, users};
use crate::config::{Config, LogFormat};

/// An authentication service: accounts, passwords, sessions and tokens for an API
#[derive(Debug, Parser)]
#[command(name = "sekisho", version, about)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve HTTP (the default command)
    Serve(Box<Config>),
    /// Add, list and change users
    #[command(subcommand)]
    Users(users::UsersCommand),
    /// List and revoke sessions
    #[command(subcommand)]
    Sessions(sessions::SessionsCommand),
    /// List and rotate signing keys, and the secret of refresh tokens
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Import the users of a FastAPI and SQLModel tutorial's database
    Import(import::ImportArgs),
    /// Copy the database to a file, beside a running server
    Backup(backup::BackupArgs),
    /// Restore a backup to the database's path, which must be free; tokens from before are refused
    Restore(restore::RestoreArgs),
    /// Measure this machine and recommend a --bcrypt-cost; it takes some seconds, and all cores
    Tune(tune::TuneArgs),
    /// List dangerous settings of a server with the same flags
    Doctor(Box<doctor::DoctorArgs>),
    /// Ask a running server whether it is ready, for containers; the exit code says
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Print the OpenAPI document of a server with the same flags
    Openapi(Box<Config>),
}

impl Command {
    /// The format of the log. Only a server's log is read by programs.
    pub(super) const fn log_format(&self) -> LogFormat {
        if let Self::Serve(config) = self { config.server.log_format } else { LogFormat::Text }
    }
}
