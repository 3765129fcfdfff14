//! The command line: one file per command.

mod backup;
mod database;
mod doctor;
mod dotenv;
mod import;
mod keys;
mod logging;
mod output;
mod prompt;
mod restore;
mod serve;
mod sessions;
mod tune;
mod users;

use std::{error::Error, ffi::OsString, io::Write, process::ExitCode};

use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};

use self::dotenv::Dotenv;
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

/// Parses the arguments; without a command they are those of `serve`.
fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, ExitCode> {
    let mut arguments: Vec<_> = arguments.collect();
    let first = arguments.get(1).and_then(|argument| argument.to_str());
    let names_no_command = match first {
        None => arguments.len() < 2,
        Some("-h" | "--help" | "-V" | "--version") => false,
        Some(text) => text.starts_with('-'),
    };
    if names_no_command {
        arguments.insert(1.min(arguments.len()), "serve".into());
    }
    let parsed =
        Cli::command().try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map(|cli| cli.command).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // Help that nobody reads to its end is no failure.
            let _ = error.print();
            ExitCode::from(u8::from(error.use_stderr()) * 2)
        }
        _ => usage(&one_line(&error)),
    })
}

/// What clap has to say, in one line that names the flag and its variable.
fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    // What is missing stands on the lines after the first; a blank one ends them.
    let lines: Vec<_> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let line = lines.join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line).to_owned();
    // "--listen <ADDRESS>": the variable is found by the flag.
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
        return line;
    };
    let flag = argument.split(['=', ' ']).next().unwrap_or_default().trim_start_matches('-');
    match variable_of(&Cli::command(), flag) {
        Some(variable) => format!("{line} (variable {variable})"),
        None => line,
    }
}

fn variable_of(command: &clap::Command, flag: &str) -> Option<String> {
    let own = command
        .get_arguments()
        .find(|argument| argument.get_long() == Some(flag))
        .and_then(|argument| argument.get_env())
        .map(|variable| variable.to_string_lossy().into_owned());
    own.or_else(|| command.get_subcommands().find_map(|command| variable_of(command, flag)))
}

fn usage(message: &str) -> ExitCode {
    print_error(message);
    ExitCode::from(2)
}

/// Says on standard error, in one line, why nothing was done.
fn print_error(message: &str) {
    let line = message.replace('\n', " ");
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "sekisho: {line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &str) -> Result<Command, ExitCode> {
        parse(std::iter::once("sekisho").chain(arguments.split_whitespace()).map(OsString::from))
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn whatever_is_missing_is_named() {
        for (arguments, expected) in [
            (&["sessions", "revoke"][..], "not provided: <ID|--user <NAME>>"),
            (&["users", "add"], "not provided: --email <EMAIL> <USERNAME>"),
            (&["import"], "not provided: <FILE>"),
        ] {
            let error = Cli::try_parse_from(std::iter::once(&"sekisho").chain(arguments)).unwrap_err();

            assert!(one_line(&error).ends_with(expected), "{}", one_line(&error));
        }
    }

    #[test]
    fn without_a_command_it_serves() {
        assert!(matches!(parsed(""), Ok(Command::Serve(_))));
        assert!(matches!(parsed("--listen 127.0.0.1:0"), Ok(Command::Serve(_))));
        assert!(matches!(parsed("openapi"), Ok(Command::Openapi)));
    }

    #[test]
    fn a_key_whose_name_begins_with_a_hyphen_can_be_revoked() {
        for name in ["-H2Vx", "--x", "-"] {
            assert!(matches!(
                parsed(&format!("keys revoke {name} --database other.db")),
                Ok(Command::Keys(keys::KeysCommand::Revoke(_)))
            ));
        }
        assert!(parsed("keys revoke --help").is_err());
        assert!(parsed("keys revoke").is_err());
    }

    #[test]
    fn every_flag_has_a_variable() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments().filter(|argument| argument.get_long().is_some()) {
                let flag = argument.get_long().unwrap_or_default();
                let is_setting = command.get_name() == "serve" || flag == "database";
                let is_clap_own = ["help", "version"].contains(&flag);
                assert!(!is_setting || is_clap_own || argument.get_env().is_some(), "--{flag}");
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn a_bad_value_is_one_line_that_names_flag_and_variable() {
        for (arguments, flag, variable) in [
            (vec!["serve", "--bcrypt-cost", "3"], "--bcrypt-cost", "SEKISHO_BCRYPT_COST"),
            (vec!["serve", "--listen", "nowhere"], "--listen", "SEKISHO_LISTEN"),
            (vec!["serve", "--algorithm", "none"], "--algorithm", "SEKISHO_ALGORITHM"),
            (vec!["serve", "--database", "postgres://x/y"], "--database", "DATABASE_URL"),
            (vec!["serve", "--workers", "0"], "--workers", "SEKISHO_WORKERS"),
            (vec!["serve", "--trusted-proxy", "me"], "--trusted-proxy", "SEKISHO_TRUSTED_PROXY"),
            (
                vec!["serve", "--access-token-minutes", "x"],
                "--access-token-minutes",
                "SEKISHO_ACCESS_TOKEN_MINUTES",
            ),
        ] {
            let error = Cli::try_parse_from(std::iter::once("sekisho").chain(arguments)).unwrap_err();
            let line = one_line(&error);

            assert!(line.contains(flag) && line.contains(variable), "{line}");
            assert!(!line.contains('\n'));
        }
    }
}
