//! Parsing the arguments, and reporting wrong ones.

use std::{ffi::OsString, process::ExitCode};

use clap::{
    CommandFactory, FromArgMatches,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{
    arguments::{Cli, Command},
    output::print_error,
};

/// Parses the arguments. Without a command they are those of `serve`.
pub(super) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, ExitCode> {
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
            // Help whose reader closes the pipe early is not a failure.
            let _ = error.print();
            ExitCode::from(u8::from(error.use_stderr()) * 2)
        }
        _ => usage(&one_line(&error)),
    })
}

/// clap's error in one line that names the flag and its variable.
fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    // The missing arguments are on the lines after the first; a blank line ends them.
    let lines: Vec<_> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let line = lines.join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line).to_owned();
    // "--listen <ADDRESS>": the flag determines the variable.
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

pub(super) fn usage(message: &str) -> ExitCode {
    print_error(message);
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::keys;

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
        assert!(matches!(parsed("openapi"), Ok(Command::Openapi(_))));
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
