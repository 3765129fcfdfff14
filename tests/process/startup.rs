//! The start: one line if it succeeds, and one line if it cannot.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, net::UnixListener},
};

use crate::{
    support::{Home, Server, files_in, home, mode, number, open, snapshot},
    tmpfs::Tmpfs,
};

#[test]
fn where_it_listens_is_the_only_line_on_standard_output() {
    let home = home();

    let server = home.serve();
    server.newcomer("alice");
    let ended = server.stop();

    assert_eq!(ended.stdout, "");
}

#[test]
fn a_port_that_is_taken_is_one_line_and_the_database_is_not_touched() {
    let (first, second) = (home(), home());
    let server = first.serve();

    let line = second.run(&["serve", "--listen", &server.address.to_string()]).refused(1);

    assert!(line.contains(&format!("cannot listen on {}", server.address)), "{line}");
    assert_eq!(second.files(), [""; 0]);
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn the_database_and_its_companions_are_for_their_owner_alone() {
    let home = home();

    let server = home.serve();
    server.newcomer("alice");

    assert_eq!(home.files(), ["sekisho.db", "sekisho.db-shm", "sekisho.db-wal"]);
    for file in home.files() {
        assert_eq!(mode(&home.path(&file)), 0o600, "{file}");
    }
}

#[test]
fn a_metrics_port_that_is_taken_is_one_line_and_the_database_is_not_touched() {
    let home = home();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let metrics = format!("--metrics-listen={address}");

    let line = home.run(&["serve", "--listen=127.0.0.1:0", &metrics]).refused(1);

    assert!(line.contains(&format!("cannot listen on {address}")), "{line}");
    assert_eq!(home.files(), [""; 0]);
}

#[test]
fn a_database_in_memory_leaves_no_file() {
    let home = home();

    let server = home.serve_with(&["--database=:memory:"]);
    let tokens = server.newcomer("alice");
    server.me(&tokens).expect(200);
    server.wait_until_ready();
    server.stop();

    assert_eq!(home.files(), [""; 0]);
}

#[test]
fn output_that_cannot_be_written_is_one_line() {
    let home = home();
    home.add_user("alice", "user");
    for arguments in [
        &["users", "list"][..],
        &["keys", "list", "--json"],
        &["openapi"],
        &["serve", "--listen=127.0.0.1:0"],
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();

        let output = home.command(arguments).stdout(full).output().unwrap();

        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), 1), "{arguments:?}: {stderr}");
        assert!(stderr.contains("No space left on device"), "{arguments:?}: {stderr}");
    }
}

/// Asserts that no command accepts this file, except as the source of an import, and that it is not changed.
#[track_caller]
fn assert_refused(home: &Home, name: &str, expected: &str) {
    let before = snapshot(home.path("").as_path());
    let (listen, database) = ("--listen=127.0.0.1:0", format!("--database={name}"));
    for arguments in [
        vec!["serve", listen, &database],
        vec!["users", "list", &database],
        vec!["keys", "rotate", &database],
        vec!["backup", "copy.db", &database],
    ] {
        let line = home.run(&arguments).refused(1);

        assert!(line.contains(name) && line.contains(expected), "{arguments:?}: {line}");
        assert!(snapshot(home.path("").as_path()) == before, "{arguments:?} changed {:?}", home.files());
    }
}

#[test]
fn a_newer_database_is_refused_and_left_as_it_is() {
    let home = home();
    home.add_user("alice", "user");
    open(&home.database()).pragma_update(None, "user_version", 9999).unwrap();

    assert_refused(&home, "sekisho.db", "from a newer Sekisho (schema 9999");
}

#[test]
fn what_is_no_database_is_refused_and_left_as_it_is() {
    let home = home();
    home.write("notes.txt", "These are my notes.\n".repeat(1000));
    home.write("short.txt", "my\n");

    assert_refused(&home, "notes.txt", "it is not an SQLite database");
    assert_refused(&home, "short.txt", "it is not an SQLite database");
}

#[test]
fn another_programs_database_is_refused_and_left_as_it_is() {
    let home = home();
    let db = rusqlite::Connection::open(home.path("other.db")).unwrap();
    db.execute_batch("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine');").unwrap();
    drop(db);

    assert_refused(&home, "other.db", "it belongs to another program");
}

#[test]
fn another_programs_unwritten_log_is_left_as_it_is() {
    let (source, home) = (home(), home());
    let db = rusqlite::Connection::open(source.path("other.db")).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine');",
    )
    .unwrap();
    // As the other program leaves it when it is killed.
    for file in ["other.db", "other.db-wal"] {
        fs::copy(source.path(file), home.path(file)).unwrap();
    }

    let before = snapshot(home.path("").as_path());
    home.run(&["serve", "--listen=127.0.0.1:0", "--database=other.db"]).refused(1);

    for file in ["other.db", "other.db-wal"] {
        assert!(fs::read(home.path(file)).unwrap() == before[file], "{file} was changed");
    }
    assert_eq!(number(&open(&home.path("other.db")), "SELECT count(*) FROM notes"), 1);
}

#[test]
fn what_cannot_be_a_file_is_refused() {
    let home = home();
    fs::create_dir(home.path("directory")).unwrap();
    let _socket = UnixListener::bind(home.path("socket")).unwrap();
    for (database, expected) in [
        ("directory", "cannot open database directory: "),
        ("socket", "cannot open database socket: "),
        ("missing/sekisho.db", "the directory missing does not exist"),
        ("/proc/sekisho.db", "cannot open database /proc/sekisho.db: "),
        ("/dev/full", "cannot open database /dev/full: "),
    ] {
        let line = home.run(&["serve", "--listen=127.0.0.1:0", "--database", database]).refused(1);

        assert!(line.contains(expected), "{database}: {line}");
    }
    assert_eq!(home.files(), ["directory", "socket"]);
}

#[test]
fn a_command_that_needs_a_database_does_not_make_one() {
    let home = home();
    for arguments in [
        &["users", "list"][..],
        &["users", "show", "alice"],
        &["users", "set-role", "alice", "admin"],
        &["users", "delete", "alice"],
        &["sessions", "list", "alice"],
        &["sessions", "revoke", "1"],
        &["keys", "list"],
        &["keys", "rotate"],
        &["backup", "copy.db"],
    ] {
        let line = home.run(arguments).refused(1);

        assert!(line.contains("sekisho.db: there is no such file"), "{arguments:?}: {line}");
    }
    assert_eq!(home.files(), [""; 0]);
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn a_read_only_file_system_is_one_line_and_nothing_is_changed() {
    let (home, disk) = (home(), Tmpfs::mount("4m"));
    home.add_user("alice", "user");
    fs::copy(home.database(), disk.path("sekisho.db")).unwrap();
    disk.make_read_only();
    let before = snapshot(disk.path("").as_path());
    for (name, expected) in [("sekisho.db", "it cannot be written"), ("new.db", "Read-only file system")] {
        let database = disk.path(name);

        let line =
            home.run(&["serve", "--listen=127.0.0.1:0", "--database", database.to_str().unwrap()]).refused(1);

        assert!(line.contains(&*database.to_string_lossy()) && line.contains(expected), "{line}");
    }
    assert!(snapshot(disk.path("").as_path()) == before);
    assert_eq!(files_in(disk.path("").as_path()), ["sekisho.db"]);
}

#[test]
fn an_unclean_end_costs_nothing_at_the_next_start() {
    let home = home();
    let server = home.serve();
    let tokens = server.newcomer("alice");
    let issuer = format!("--issuer=http://{}", server.address);
    server.kill();

    let server = home.serve_with(&[&issuer]);

    assert_eq!(server.me(&tokens).expect(200).json()["username"], "alice");
    server.refresh(&tokens.refresh).expect(200);
    server.stop();
    assert_eq!(home.files(), ["sekisho.db"]);
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn nobody_of_the_same_user_can_read_the_memory_of_a_server_or_a_command() {
    use std::os::unix::{fs::MetadataExt, process::CommandExt};

    let home = home();
    fs::set_permissions(home.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = home.command(&["serve", "--listen=127.0.0.1:0"]);
    command.uid(65_534).gid(65_534);

    let server = Server::start(command);

    // What must not be dumped belongs to root there (proc(5)), and other users are refused.
    let memory = fs::metadata(format!("/proc/{}/mem", server.pid().as_raw_nonzero())).unwrap();
    assert_eq!(memory.uid(), 0);
    server.newcomer("alice");
    server.stop();
}
