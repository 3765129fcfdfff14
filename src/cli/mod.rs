//! The command line: one file per command.

mod backup;
mod database;
mod doctor;
mod dotenv;
mod import;
mod keys;
mod logging;
mod output;
mod parse;
mod prompt;
mod restore;
mod serve;
mod sessions;
mod tune;
mod users;

use std::{error::Error, process::ExitCode};

use clap::{Parser, Subcommand};

use self::{
    dotenv::Dotenv,
    parse::{parse, usage},
};
use crate::{
    app::AppError,
    config::{ConfigError, LogFormat},
    http::openapi_document,
};

/// An authentication service: accounts, passwords, sessions and tokens for an API
#[derive(Debug, Parser)]
#[command(name = "sekisho", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve HTTP (what `sekisho` alone does)
    Serve(Box<crate::config::Config>),
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
    /// Put a backup in the database's place, where nothing stands; the tokens from before are refused
    Restore(restore::RestoreArgs),
    /// Measure this machine and advise a --bcrypt-cost; it takes some seconds, and all cores
    Tune(tune::TuneArgs),
    /// Name what is set up dangerously, for a server that is told the same
    Doctor(Box<doctor::DoctorArgs>),
    /// Print the OpenAPI document
    Openapi,
}

impl Command {
    /// How the log is written. Only a server's log is read by programs.
    const fn log_format(&self) -> LogFormat {
        if let Self::Serve(config) = self { config.log_format } else { LogFormat::Text }
    }
}

/// What a command ends with when it fails: one line, for a person.
type CommandError = Box<dyn Error>;

/// Runs the command that the process was started with.
///
/// The exit code is 0 when it did what was asked, 1 when it could not, 2 when it was asked wrongly.
#[must_use]
pub fn main() -> ExitCode {
    let is_private = forbid_inspection();
    // `.env` comes first: it fills in for the environment, which fills in for flags.
    let dotenv = match dotenv::load() {
        Ok(dotenv) => dotenv,
        Err(line) => return usage(&line),
    };
    let command = match parse(std::env::args_os()) {
        Ok(command) => command,
        Err(code) => return code,
    };
    let log_format = command.log_format();
    logging::start(log_format);
    if let Err(error) = is_private {
        log::warn!("the memory of this process, which holds secrets, can be dumped: {error}");
    }
    dotenv.log();
    match run(command, &dotenv) {
        Ok(code) => code,
        Err(error) => {
            let is_usage = error.is::<ConfigError>()
                || error.downcast_ref().is_some_and(|error| matches!(error, AppError::Config(_)));
            logging::fail(log_format, &error.to_string());
            ExitCode::from(if is_usage { 2 } else { 1 })
        }
    }
}

/// Keeps the memory of this process out of core dumps, and other processes of the same user from reading
/// it: passwords, keys and tokens are in it.
fn forbid_inspection() -> std::io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Runs a command on an actix system of its own.
fn block_on(command: impl Future<Output = Result<(), CommandError>>) -> Result<(), CommandError> {
    actix::System::new().block_on(command)
}

fn run(command: Command, dotenv: &Dotenv) -> Result<ExitCode, CommandError> {
    match command {
        Command::Serve(config) => serve::serve(*config),
        Command::Users(command) => block_on(users::run(command)),
        Command::Sessions(command) => block_on(sessions::run(command)),
        Command::Keys(command) => block_on(keys::run(command)),
        Command::Import(args) => block_on(import::run(args)),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(&args),
        Command::Tune(args) => tune::run(&args),
        Command::Doctor(args) => return doctor::run(&args, dotenv),
        Command::Openapi => output::print_line(&format!("{:#}", openapi_document())),
    }?;
    Ok(ExitCode::SUCCESS)
}
