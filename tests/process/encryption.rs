//! `--encryption-key-file`: what is in the database, and who can use it.

use std::process::Command;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rusqlite::Connection;

use crate::support::{Home, PASSWORD, finish, home, number, open, wait_until};

const ISSUER: &str = "--issuer=http://sekisho.test";

/// Writes a key of 32 bytes that begins with this byte.
fn write_key(home: &Home, name: &str, first: u8) -> String {
    let bytes: Vec<u8> = (0..32).map(|index| first.wrapping_add(index)).collect();
    let path = home.write_secret(name, BASE64_STANDARD.encode(bytes) + "\n");
    format!("--encryption-key-file={}", path.display())
}

/// Every secret in the database, as its column contains it.
fn secrets(db: &Connection) -> Vec<Vec<u8>> {
    let mut found =
        db.prepare("SELECT private_key FROM signing_keys UNION ALL SELECT value FROM secrets").unwrap();
    found.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn are_wrapped(home: &Home) -> bool {
    let secrets = secrets(&open(&home.database()));
    assert!(!secrets.is_empty());
    let wrapped = secrets.iter().filter(|secret| secret.starts_with(b"wrapped\x01")).count();
    assert!(wrapped == 0 || wrapped == secrets.len(), "{wrapped} of {}", secrets.len());
    wrapped > 0
}

/// `serve` with these arguments, which is expected to fail.
fn serve(home: &Home, arguments: &[&str]) -> Command {
    home.command(&[&["serve", "--listen=127.0.0.1:0"], arguments].concat())
}

#[test]
fn a_new_database_holds_no_secret_in_the_clear() {
    let home = home();
    let key = write_key(&home, "key", 1);

    let server = home.serve_with(&[ISSUER, &key]);
    let tokens = server.newcomer("alice");
    home.run(&["keys", "rotate", "--now", &key]).ok();
    wait_until("the new key is announced", || server.kids().len() == 2);
    server.stop();

    assert!(are_wrapped(&home));
    let server = home.serve_with(&[ISSUER, &key]);
    server.me(&tokens).expect(200);
    server.refresh(&tokens.refresh).expect(200);
}

#[test]
fn a_database_of_before_is_wrapped_at_the_first_start_and_its_tokens_go_on_working() {
    let home = home();
    let key = write_key(&home, "key", 1);
    let server = home.serve_with(&[ISSUER]);
    let tokens = server.newcomer("alice");
    server.stop();
    assert!(!are_wrapped(&home));

    let server = home.serve_with(&[ISSUER, &key]);

    assert!(are_wrapped(&home));
    server.me(&tokens).expect(200);
    server.refresh(&tokens.refresh).expect(200);
}

#[test]
fn without_its_key_or_with_another_an_encrypted_database_is_one_clear_line() {
    let home = home();
    let (key, other) = (write_key(&home, "key", 1), write_key(&home, "other", 2));
    home.serve_with(&[&key]).stop();
    let before = std::fs::read(home.database()).unwrap();

    let without = finish(&mut serve(&home, &[]), "").refused(1);
    let with_other = finish(&mut serve(&home, &[&other]), "").refused(1);
    let rotated = home.run(&["keys", "rotate"]).refused(1);
    let rotated_with_other = home.run(&["keys", "rotate", &other]).refused(1);

    assert!(without.contains("give the file with --encryption-key-file"), "{without}");
    assert!(with_other.contains("and --encryption-key-file holds"), "{with_other}");
    assert!(rotated.contains("encrypted with the key"), "{rotated}");
    assert!(rotated_with_other.contains("encrypted with the key"), "{rotated_with_other}");
    assert_eq!(std::fs::read(home.database()).unwrap(), before);
    home.run(&["keys", "list"]).ok();
    home.run(&["users", "list"]).ok();
}

#[test]
fn a_key_file_that_is_none_or_that_others_can_read_is_one_line_without_its_content() {
    let home = home();
    let content = BASE64_STANDARD.encode([7; 32]);
    home.write("open", &content);
    home.write_secret("short", BASE64_STANDARD.encode([7; 31]));
    home.write_secret("two", format!("{content}\n{content}\n"));
    home.write_secret("words", "a key that somebody thought up");
    home.write_secret("empty", "");
    for (name, expected) in [
        ("missing", "No such file"),
        ("open", "can be read by other users (mode 0644): chmod 600 open"),
        ("short", "expected one line of 32 random bytes"),
        ("two", "expected one line of 32 random bytes"),
        ("words", "expected one line of 32 random bytes"),
        ("empty", "expected one line of 32 random bytes"),
    ] {
        let flag = format!("--encryption-key-file={name}");

        let line = finish(&mut serve(&home, &[&flag]), "").refused(2);

        assert!(line.contains("--encryption-key-file") && line.contains(expected), "{name}: {line}");
        assert!(!line.contains(&content[..8]) && !line.contains("thought"), "{line}");
        assert!(!home.database().exists());
    }
}

#[test]
fn a_server_without_the_key_cannot_store_a_secret_in_the_clear_beside_one_that_encrypts() {
    let home = home();
    let key = write_key(&home, "key", 1);
    let without = home.serve_with(&[ISSUER]);
    let tokens = without.newcomer("alice");

    let with = home.serve_with(&[ISSUER, &key]);
    // Another algorithm makes a new key at the start.
    let refused = finish(&mut serve(&home, &["--algorithm=EdDSA"]), "").refused(1);

    assert!(refused.contains("encrypted with the key"), "{refused}");
    assert!(are_wrapped(&home));
    for server in [&without, &with] {
        server.me(&tokens).expect(200);
    }
    let tokens = without.refresh(&tokens.refresh).tokens();
    with.me(&tokens).expect(200);
    wait_until("it has noticed", || without.log().contains("start this one anew"));
    let log = without.stop().log;
    assert_eq!(log.lines().count(), 1, "{log}");
}

#[test]
fn a_backup_needs_no_key_and_says_that_it_tried_none() {
    let home = home();
    let (key, other) = (write_key(&home, "key", 1), write_key(&home, "other", 2));
    let server = home.serve_with(&[ISSUER, &key]);
    let tokens = server.newcomer("alice");

    let untried = home.run(&["backup", "untried.db"]).ok();
    let tried = home.run(&["backup", "tried.db", &key]).ok();
    let refused = home.run(&["backup", "refused.db", &other]).refused(1);
    let restored = home.run(&["restore", "tried.db", "--keep-sessions", "--database=restored.db", &key]).ok();

    assert!(untried.contains("its keys are encrypted and were not tried"), "{untried}");
    assert!(tried.contains("its integrity and its keys were checked"), "{tried}");
    assert!(refused.contains("--encryption-key-file holds"), "{refused}");
    assert!(!home.path("refused.db").exists());
    assert!(restored.contains("1 sessions and 1 keys"), "{restored}");
    home.serve_with(&[ISSUER, &key, "--database=restored.db"]).me(&tokens).expect(200);
}

#[test]
fn after_a_lost_key_a_backup_that_is_restored_keeps_the_accounts() {
    let home = home();
    let key = write_key(&home, "key", 1);
    home.serve_with(&[&key]).newcomer("alice");
    let other = write_key(&home, "key", 2);
    let line = finish(&mut serve(&home, &[&other]), "").refused(1);

    home.run(&["backup", "copy.db"]).ok();
    home.run(&["restore", "copy.db", "--database=restored.db"]).ok();
    let server = home.serve_with(&[&other, "--database=restored.db"]);

    assert!(line.contains("sekisho backup") && line.contains("sekisho restore"), "{line}");
    server.log_in("alice");
}

#[test]
fn a_wrapped_key_that_was_moved_to_another_row_is_refused() {
    let home = home();
    let key = write_key(&home, "key", 1);
    home.serve_with(&[&key]).stop();
    home.run(&["keys", "rotate", &key]).ok();
    open(&home.database())
        .execute_batch(
            "UPDATE signing_keys SET private_key = (
                 SELECT private_key FROM signing_keys AS other WHERE other.kid <> signing_keys.kid)",
        )
        .unwrap();

    let line = finish(&mut serve(&home, &[&key]), "").refused(1);

    assert!(line.contains("is damaged: it is not what was encrypted for this row"), "{line}");
}

/// The key id that a line names.
fn key_id(line: &str) -> String {
    let (_, rest) = line.split_once("with the key ").unwrap();
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

#[test]
fn rewrapping_beside_a_running_server_disturbs_nobody_and_revocation_goes_on() {
    let home = home();
    let (old, new) = (write_key(&home, "key", 1), write_key(&home, "new", 2));
    let server = home.serve_with(&[ISSUER, &old]);
    let tokens = server.newcomer("alice");

    let said = home.run(&["keys", "rewrap", "--new-encryption-key-file=new", &old]).ok();
    let refused = finish(&mut serve(&home, &[&old]), "").refused(1);
    wait_until("the server has noticed", || server.log().contains("start this one anew"));
    server.me(&tokens).expect(200);
    let tokens = server.refresh(&tokens.refresh).tokens();
    let revoked = server.kids().remove(0);
    home.run(&["keys", "revoke", &revoked, &new]).ok();
    wait_until("the key is refused", || server.me(&tokens).status == 401);
    let log = server.stop().log;
    let server = home.serve_with(&[ISSUER, &new]);

    assert!(said.contains("restart each server"), "{said}");
    assert!(refused.contains(&format!("encrypted with the key {}", key_id(&said))), "{refused}");
    assert_eq!(log.lines().count(), 2, "what it could not read is told once: {log}");
    let tokens = server.refresh(&tokens.refresh).tokens();
    server.me(&tokens).expect(200);
    assert!(!server.kids().contains(&revoked));
}

#[test]
fn secrets_can_be_stored_in_the_clear_again() {
    let home = home();
    let key = write_key(&home, "key", 1);
    let server = home.serve_with(&[ISSUER, &key]);
    let tokens = server.newcomer("alice");
    server.stop();

    home.run(&["keys", "rewrap", "--decrypt", &key]).ok();

    assert!(!are_wrapped(&home));
    home.serve_with(&[ISSUER]).me(&tokens).expect(200);
}

#[test]
fn rewrapping_with_a_wrong_key_or_to_none_changes_nothing() {
    let home = home();
    let (key, other) = (write_key(&home, "key", 1), write_key(&home, "other", 2));
    home.serve_with(&[&key]).stop();
    home.write("open", "not for everybody");
    let before = secrets(&open(&home.database()));

    for (arguments, code, expected) in [
        (&["--new-encryption-key-file=other", &other][..], 1, "and --encryption-key-file holds"),
        (&["--new-encryption-key-file=other"], 1, "give the file with --encryption-key-file"),
        (&["--decrypt"], 1, "give the file with --encryption-key-file"),
        (&["--new-encryption-key-file=missing", &key], 2, "--new-encryption-key-file: cannot read missing"),
        (&["--new-encryption-key-file=open", &key], 2, "--new-encryption-key-file: open can be read"),
        (&[&key], 2, "required"),
        (&["--decrypt", "--new-encryption-key-file=other", &key], 2, "cannot be used with"),
    ] {
        let line = home.run(&[&["keys", "rewrap"], arguments].concat()).refused(code);

        assert!(line.contains(expected), "{arguments:?}: {line}");
    }
    assert!(secrets(&open(&home.database())) == before);
}

#[test]
fn a_key_in_the_clear_that_was_put_beside_the_wrapped_ones_is_refused() {
    let (home, attacker) = (home(), home());
    let key = write_key(&home, "key", 1);
    let server = home.serve_with(&[ISSUER, &key]);
    let tokens = server.newcomer("alice");
    attacker.serve_with(&[ISSUER]).stop();
    let put = format!(
        "ATTACH '{}' AS attacker; INSERT INTO signing_keys SELECT * FROM attacker.signing_keys; DETACH attacker;",
        attacker.database().display()
    );

    open(&home.database()).execute_batch(&put).unwrap();
    let theirs = attacker.run(&["keys", "list", "--json"]).json()[0]["kid"].as_str().unwrap().to_owned();
    wait_until("the server has noticed", || server.log().contains("cannot be read"));

    assert!(!server.kids().contains(&theirs));
    server.me(&tokens).expect(200);
    server.stop();
    let line = finish(&mut serve(&home, &[&key]), "").refused(1);
    assert!(line.contains(&format!("the signing key {theirs} is not encrypted")), "{line}");
    home.run(&["keys", "revoke", &theirs, &key]).ok();
    home.serve_with(&[ISSUER, &key]).me(&tokens).expect(200);
}

/// A client that is told of a failure retries with the token that it has, perhaps after the grace period. If
/// that token were replaced by then, it would count as stolen.
#[test]
fn a_server_that_cannot_sign_replaces_no_refresh_token_and_opens_no_session() {
    let home = home();
    let (key, other) = (write_key(&home, "key", 1), write_key(&home, "other", 2));
    let server = home.serve_with(&[&key, "--refresh-grace-seconds=0"]);
    let tokens = server.newcomer("alice");
    let new_key = format!("--new-encryption-key-file={}", home.path("other").display());
    home.run(&["keys", "rewrap", &key, &new_key]).ok();
    let keys = home.run(&["keys", "list", "--json"]).json();
    home.run(&["keys", "revoke", keys[0]["kid"].as_str().unwrap(), &other]).ok();
    wait_until("the server has no key left", || server.get("/readyz").status == 503);

    let (refresh, login) = (server.refresh(&tokens.refresh), server.try_log_in("alice", PASSWORD));
    server.stop();

    assert_eq!((refresh.status, login.status), (500, 500));
    let server = home.serve_with(&[&other, "--refresh-grace-seconds=0"]);
    server.refresh(&tokens.refresh).expect(200);
    assert_eq!(number(&open(&home.database()), "SELECT count(*) FROM sessions"), 1);
}
