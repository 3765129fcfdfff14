//! The examples, as processes.

use std::{path::PathBuf, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Server, command, path};

/// The file that cargo builds of an example; where `cargo test` has built it already, at once.
fn build(example: &str) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--example", example, "--message-format", "json-render-diagnostics"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.current_dir(path("")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).unwrap();
    let executable = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == example;
        message["executable"].as_str().filter(|_| is_it).map(PathBuf::from)
    });
    executable.unwrap_or_else(|| panic!("cargo named no file: {messages}"))
}

#[test]
fn messages_alone_register_log_in_authenticate_refresh_and_log_out() {
    let directory = TempDir::new().unwrap();

    let output = command(build("messages"), directory.path()).output().unwrap();

    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(
        lines,
        [
            "registered alice with id 1",
            "logged in; the access token is valid for 1800 seconds",
            "recognised alice in session 1",
            "refreshed; the scope is \"user\"",
            "logged out: the session has ended",
        ]
    );
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "it leaves nothing behind");
}

#[test]
fn an_application_that_embeds_sekisho_has_its_routes_and_knows_the_caller() {
    let directory = TempDir::new().unwrap();
    let mut command = command(build("embed"), directory.path());
    command.arg("127.0.0.1:0");
    let server = Server::start(command);
    let alice = r#"{"email": "alice@example.com", "username": "alice", "password": "correct horse battery"}"#;

    let front_page = server.curl("/", &[]);
    let anonymous = server.curl("/greeting", &[]);
    let registered = server.curl("/users/", &["-H", "Content-Type: application/json", "-d", alice]);
    let tokens = server.curl("/token", &["-d", "username=alice", "-d", "password=correct+horse+battery"]);
    let tokens: Value = serde_json::from_str(tokens.strip_suffix(" 200").unwrap()).unwrap();
    let bearer = format!("Authorization: Bearer {}", tokens["access_token"].as_str().unwrap());
    let greeted = server.curl("/greeting", &["-H", &bearer]);
    let forbidden = server.curl("/report", &["-H", &bearer]);
    let unknown = server.curl("/nothing", &[]);

    assert_eq!(front_page, "The front page is one's own.\n 200");
    assert!(anonymous.ends_with(" 401") && anonymous.contains("Not authenticated"), "{anonymous}");
    assert!(registered.ends_with(" 201"), "{registered}");
    assert_eq!(greeted, "Hello, alice!\n 200");
    assert!(forbidden.ends_with(" 403") && forbidden.contains("insufficient_permissions"), "{forbidden}");
    assert_eq!(unknown, " 404");

    let (rest, status) = server.end();

    assert_eq!(rest, "the database is closed\n");
    assert!(status.success());
}
