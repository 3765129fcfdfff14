//! README.md: its commands, its table, its code.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Deserializer, Value};
use test_server::{command, finish};

use crate::support::{block, home, paste, path, text};

#[test]
#[cfg_attr(not(feature = "curl-tests"), ignore = "it takes curl")]
fn the_first_token_is_had_by_pasting() {
    let home = home();
    let server = home.serve();
    let readme = text("README.md");
    let script = block(&readme, "## First token in a minute", "sh");
    let script = script.replace("127.0.0.1:8000", &server.address.to_string()) + "\n";

    let printed = paste(&script, &home.path(""));

    let answers: Vec<Value> = Deserializer::from_str(&printed).into_iter().collect::<Result<_, _>>().unwrap();
    let [registered, me, renewed, refused] = &answers[..] else { panic!("{printed}") };
    assert_eq!(registered["username"], "alice");
    assert_eq!(me, registered);
    assert!(renewed["access_token"].is_string() && renewed["refresh_token"].is_string(), "{renewed}");
    assert_eq!(refused["detail"], "Could not validate credentials");
}

#[test]
fn the_commands_make_an_administrator() {
    let readme = text("README.md");
    let line = readme.lines().find(|line| line.contains("sekisho users add")).unwrap();
    let (_, arguments) = line.split_once("sekisho ").unwrap();

    let script = format!(
        "echo 'correct horse battery' | '{}' {arguments} --password-stdin --bcrypt-cost 4\n",
        env!("CARGO_BIN_EXE_sekisho"),
    );

    assert_eq!(paste(&script, &home().path("")), "added admin root with id 1\n");
}

/// For each flag: its variable and its default.
type Settings = BTreeMap<String, (String, Option<String>)>;

/// Reads what `sekisho serve --help` says.
fn settings_of_help() -> Settings {
    let help = finish(command(env!("CARGO_BIN_EXE_sekisho"), &path("")).args(["serve", "--help"]), "").ok();
    let (_, options) = help.split_once("Options:").unwrap();
    // Each option begins on a new line; its description may continue on the next lines.
    let mut entries: Vec<String> = Vec::new();
    for line in options.lines().map(str::trim) {
        match entries.last_mut() {
            Some(entry) if !line.starts_with('-') => {
                entry.push(' ');
                entry.push_str(line);
            }
            _ => entries.push(line.to_owned()),
        }
    }
    let bracketed = |entry: &str, name: &str| {
        let (_, rest) = entry.split_once(&format!("[{name}: "))?;
        Some(rest.split_once(']')?.0.to_owned())
    };
    entries
        .iter()
        .filter(|entry| entry.starts_with("--"))
        .map(|entry| {
            let flag = entry.split_whitespace().next().unwrap().trim_end_matches("...").to_owned();
            let variable = bracketed(entry, "env").unwrap_or_else(|| panic!("no variable: {entry}"));
            (flag, (variable.trim_end_matches('=').to_owned(), bracketed(entry, "default")))
        })
        .collect()
}

/// Reads the table of README.md.
fn settings_of_readme() -> Settings {
    let readme = text("README.md");
    let rows = readme.lines().filter(|line| line.starts_with("| `--"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let code = |cell: &str| cell.strip_prefix('`')?.strip_suffix('`').map(str::to_owned);
        (code(cells[1]).unwrap(), (code(cells[2]).unwrap(), code(cells[3])))
    })
    .collect()
}

#[test]
fn the_table_of_settings_is_what_the_command_says() {
    let of_help = settings_of_help();

    assert!(of_help.len() > 10, "{of_help:?}");
    assert_eq!(settings_of_readme(), of_help);
}

/// The fenced blocks that are copies of a file, by its path.
fn copies(readme: &str) -> BTreeMap<&str, String> {
    readme
        .split("<!-- ")
        .skip(1)
        .map(|part| {
            let (path, rest) = part.split_once(" -->\n```").unwrap_or_else(|| panic!("no block: {part}"));
            let (_, code) = rest.split_once('\n').unwrap();
            (path, code.split_once("\n```\n").unwrap().0.to_owned() + "\n")
        })
        .collect()
}

#[test]
fn the_code_is_that_of_the_examples() {
    let readme = text("README.md");

    let copies = copies(&readme);

    assert_eq!(
        copies.keys().copied().collect::<BTreeSet<_>>(),
        BTreeSet::from([
            "examples/embed.rs",
            "examples/verify.rs",
            "examples/verify/express/server.mjs",
            "examples/verify/fastapi/main.py",
        ]),
    );
    for (path, code) in copies {
        assert_eq!(code, text(path), "{path}");
    }
}
