//! `sekisho doctor`: dangerous settings, one line each.

use std::{
    collections::BTreeSet,
    fs::{Permissions, set_permissions},
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    process::Command,
};

use crate::{
    support::{Home, Outcome, Server, finish, home, mode},
    tmpfs::Tmpfs,
};

const NOBODY: u32 = 65_534;

/// The names of the dangers and hints that were found.
fn codes(outcome: &Outcome) -> BTreeSet<String> {
    let found: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let found = found.as_array().unwrap();
    let is_danger = found.iter().any(|danger| danger["severity"] == "danger");
    assert_eq!(outcome.code, Some(i32::from(is_danger)), "{outcome:?}");
    let codes = found.iter().map(|danger| danger["code"].as_str().unwrap().to_owned());
    // Where temporary files are in memory, this danger is real, but not part of the test.
    codes.filter(|code| code != "volatile_file_system").collect()
}

fn named(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

/// A command that finds nothing dangerous, in a directory that no other user can write.
fn careful(home: &Home, arguments: &[&str]) -> Command {
    let key = home.write_secret("key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    for path in [&home.path(""), &key] {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let mut command = home.bare(arguments);
    command.uid(NOBODY).gid(NOBODY);
    command.env("SEKISHO_ENCRYPTION_KEY_FILE", "key").env("SEKISHO_PASSWORD_MIN_LENGTH", "15");
    command
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn nothing_is_found_where_nothing_is_dangerous_and_nothing_is_made() {
    let home = home();

    let found = codes(&finish(&mut careful(&home, &["doctor", "--json"]), ""));

    assert_eq!(found, named(&[]));
    assert_eq!(home.files(), ["key"]);
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn a_hint_is_no_danger() {
    let home = home();

    let found = codes(&finish(&mut careful(&home, &["doctor", "--json", "--password-min-length=8"]), ""));

    assert_eq!(found, named(&["passwords_are_all"]));
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn whatever_is_dangerous_is_a_line_with_what_to_do() {
    let home = home();
    home.add_user("alice", "user");
    home.write(".env", "SEKISHO_WORKERS=1\n");
    set_permissions(home.database(), Permissions::from_mode(0o644)).unwrap();
    set_permissions(home.path(""), Permissions::from_mode(0o777)).unwrap();
    let arguments = [
        "doctor",
        "--listen=0.0.0.0:8000",
        "--metrics-listen=0.0.0.0:9100",
        "--bcrypt-cost=4",
        "--password-min-length=1",
        "--trusted-proxy=0.0.0.0/0",
        "--refresh-grace-seconds=300",
        "--session-max-days=0",
    ];

    let lines = finish(&mut home.bare(&arguments), "");
    let found = codes(&finish(&mut home.bare(&[&arguments[..], &["--json"]].concat()), ""));

    let expected = [
        "cheap_hashes",
        "database_is_readable",
        "directory_is_writable",
        "docs_are_public",
        "dotenv_ignored",
        "issuer_is_the_address",
        "long_grace",
        "metrics_are_public",
        "no_encryption_key",
        "proxy_is_anybody",
        "registration_is_open",
        "runs_as_root",
        "sessions_never_end",
        "short_passwords",
    ];
    assert_eq!(found, named(&expected));
    assert_eq!(lines.code, Some(1));
    for code in expected {
        assert!(lines.stdout.lines().any(|line| line.starts_with(&format!("{code}: "))), "{code}: {lines:?}");
    }
    assert_eq!(mode(&home.database()), 0o644, "it changes nothing");
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn a_directory_of_another_user_is_writable() {
    let home = home();
    let mut command = careful(&home, &["doctor", "--json"]);
    chown(home.path(""), Some(NOBODY - 1), None).unwrap();
    set_permissions(home.path(""), Permissions::from_mode(0o755)).unwrap();

    let found = codes(&finish(&mut command, ""));

    assert_eq!(found, named(&["directory_is_writable"]));
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn a_database_in_memory_is_told_wherever_that_is() {
    let (home, disk) = (home(), Tmpfs::mount("1m"));
    let on_disk = format!("--database={}", disk.path("sekisho.db").display());
    for (database, expected) in
        [(on_disk.as_str(), "volatile_file_system"), ("--database=:memory:", "database_in_memory")]
    {
        let outcome = home.run(&["doctor", database]);

        assert!(outcome.stdout.lines().any(|line| line.starts_with(expected)), "{outcome:?}");
    }
}

#[test]
fn what_serve_refuses_the_doctor_refuses() {
    let home = home();
    for arguments in [
        &["--secret-key=short", "--algorithm=HS256"][..],
        &["--encryption-key-file=missing"],
        &["--bcrypt-cost=3"],
        &["--issuer=https://login.example.com", "--audience=https://login.example.com/admin"],
    ] {
        let doctor = home.run(&[&["doctor"], arguments].concat()).refused(2);
        let serve = home.run(&[&["serve"], arguments].concat()).refused(2);

        assert_eq!(doctor, serve);
    }
}

#[test]
fn the_server_warns_of_the_same_at_its_start() {
    let home = home();
    let mut command = home.bare(&["serve", "--listen=127.0.0.1:0", "--bcrypt-cost=4"]);
    command.env("RUST_LOG", "warn");

    let log = Server::start(command).stop().log;

    for code in ["no_encryption_key", "cheap_hashes"] {
        assert!(
            log.lines().any(|line| line.contains("WARN") && line.contains(&format!("{code}: "))),
            "{log}"
        );
    }
    assert!(!log.contains("passwords_are_all"), "a hint is no warning: {log}");
}
