//! What OPERATIONS.md says about a restored backup.

use test_server::{Home, Server, Tokens};

use crate::support::home;

/// Tokens name their issuer, which would otherwise be the address, which differs each time.
const ISSUER: [&str; 2] = ["--issuer", "http://sekisho.test"];

/// A server on a backup that this command restored, with the tokens of a session that was revoked after the
/// backup, and those of one that was opened after it.
fn restored(home: &Home, command: &[&str]) -> (Server, Tokens, Tokens) {
    let server = home.serve_with(&ISSUER);
    let revoked = server.newcomer("alice");
    home.run(&["backup", "backup.db"]).ok();
    server.as_user(&revoked.access, "POST", "/logout").expect(204);
    server.me(&revoked).expect(401);
    let opened = server.log_in("alice");
    server.stop();
    std::fs::remove_file(home.database()).unwrap();
    home.run(command).ok();
    (home.serve_with(&ISSUER), revoked, opened)
}

#[test]
fn sessions_that_are_kept_are_revived_where_they_were_revoked_and_numbers_are_given_again() {
    let home = home();

    let (server, revoked, opened) = restored(&home, &["restore", "--keep-sessions", "backup.db"]);

    server.me(&revoked).expect(200);
    server.refresh(&revoked.refresh).expect(200);
    server.me(&opened).expect(401);
    // The next session has the number that the token from before names.
    server.log_in("alice");
    server.me(&opened).expect(200);
}

#[test]
fn after_a_restore_nothing_from_before_is_accepted() {
    let home = home();

    let (server, revoked, opened) = restored(&home, &["restore", "backup.db"]);
    let new = server.log_in("alice");

    for tokens in [&revoked, &opened] {
        server.me(tokens).expect(401);
        server.refresh(&tokens.refresh).expect(401);
    }
    // And that does not end the new session.
    server.me(&new).expect(200);
}
