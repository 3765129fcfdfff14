//! The examples, as processes.

use std::{path::PathBuf, process::Command};

use serde_json::Value;
use tempfile::TempDir;
use test_server::{Server, command, finish};

use crate::support::path;

/// Builds an example and returns its executable. If `cargo test` has built it already, this is immediate.
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

    let printed = finish(&mut command(build("messages"), directory.path()), "").ok();

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

    let front_page = server.get("/");
    let anonymous = server.get("/greeting");
    let alice = server.newcomer("alice");
    let greeted = server.as_user(&alice.access, "GET", "/greeting");
    let forbidden = server.as_user(&alice.access, "GET", "/report");
    let unknown = server.get("/nothing");

    assert_eq!(front_page.expect(200).body, "The application's own front page.\n");
    assert!(anonymous.expect(401).body.contains("Not authenticated"));
    assert_eq!(greeted.expect(200).body, "Hello, alice!\n");
    assert_eq!(forbidden.expect(403).code(), "insufficient_permissions");
    assert_eq!(unknown.expect(404).body, "");
    assert_eq!(server.stop().stdout, "the database is closed\n");
}
