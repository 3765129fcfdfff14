//! The command line: one file per command.

mod arguments;
mod backup;
mod database;
mod doctor;
mod dotenv;
mod error;
mod healthcheck;
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

use std::process::ExitCode;

use self::{
    arguments::Command,
    dotenv::Dotenv,
    error::CommandError,
    parse::{parse, usage},
};
use crate::{app::AppError, config::ConfigError, http::openapi_document};

/// Runs the command that the process was started with.
///
/// The exit code is 0 if it succeeded, 1 if it failed, and 2 if its arguments were wrong.
#[must_use]
pub fn main() -> ExitCode {
    let is_private = forbid_inspection();
    // `.env` comes first: it supplements the environment, which supplements the flags.
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

/// Keeps the memory of this process out of core dumps, and other processes of the same user from reading it:
/// it contains passwords, keys and tokens.
fn forbid_inspection() -> std::io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Runs a command on a new actix system.
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
        Command::Healthcheck(args) => healthcheck::run(&args),
        Command::Openapi(config) => output::print_line(&format!("{:#}", openapi_document(&config))),
    }?;
    Ok(ExitCode::SUCCESS)
}
