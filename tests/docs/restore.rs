//! What OPERATIONS.md says of a restored backup.

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Server, command};

const ALICE: &str =
    r#"{"email": "alice@example.com", "username": "alice", "password": "correct horse battery"}"#;

fn log_in(server: &Server) -> (String, String) {
    let answer = server.curl("/token", &["-d", "username=alice", "-d", "password=correct+horse+battery"]);
    let tokens: Value = serde_json::from_str(answer.strip_suffix(" 200").unwrap()).unwrap();
    let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
    (format!("Authorization: Bearer {}", token("access_token")), token("refresh_token"))
}

fn refresh(server: &Server, token: &str) -> String {
    server.curl("/token", &["-d", "grant_type=refresh_token", "-d", &format!("refresh_token={token}")])
}

fn sekisho(directory: &TempDir, arguments: &[&str]) {
    let output = command(env!("CARGO_BIN_EXE_sekisho"), directory.path()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// A bearer header, and a refresh token.
type Tokens = (String, String);

/// A server on a backup that was restored by this command; the tokens of a session that was revoked
/// after the backup, and those of one that was opened after it.
fn restored(directory: &TempDir, command: &[&str]) -> (Server, Tokens, Tokens) {
    // Tokens name their issuer, which would else be the address, another one each time.
    let issuer = ["--issuer", "http://sekisho.test"];
    let server = Server::sekisho_with(directory, &issuer);
    assert!(server.curl("/users/", &["-H", "Content-Type: application/json", "-d", ALICE]).ends_with(" 201"));
    let revoked = log_in(&server);
    sekisho(directory, &["backup", "backup.db"]);
    assert!(server.curl("/logout", &["-X", "POST", "-H", &revoked.0]).ends_with(" 204"));
    assert!(server.curl("/users/me", &["-H", &revoked.0]).ends_with(" 401"));
    let opened = log_in(&server);
    assert!(server.end().1.success());
    std::fs::remove_file(directory.path().join("sekisho.db")).unwrap();
    sekisho(directory, command);
    (Server::sekisho_with(directory, &issuer), revoked, opened)
}

#[test]
fn sessions_that_are_kept_are_revived_where_they_were_revoked_and_numbers_are_given_again() {
    let directory = TempDir::new().unwrap();

    let (server, revoked, opened) = restored(&directory, &["restore", "--keep-sessions", "backup.db"]);

    assert!(server.curl("/users/me", &["-H", &revoked.0]).ends_with(" 200"));
    assert!(refresh(&server, &revoked.1).ends_with(" 200"));
    assert!(server.curl("/users/me", &["-H", &opened.0]).ends_with(" 401"));
    // The next session has the number that the token from before names.
    log_in(&server);
    assert!(server.curl("/users/me", &["-H", &opened.0]).ends_with(" 200"));
}

#[test]
fn after_a_restore_nothing_from_before_is_accepted() {
    let directory = TempDir::new().unwrap();

    let (server, revoked, opened) = restored(&directory, &["restore", "backup.db"]);
    let new = log_in(&server);

    for (bearer, refresh_token) in [&revoked, &opened] {
        assert!(server.curl("/users/me", &["-H", bearer]).ends_with(" 401"));
        assert!(refresh(&server, refresh_token).ends_with(" 401"));
    }
    assert!(server.curl("/users/me", &["-H", &new.0]).ends_with(" 200"), "nor does it end what is new");
}
