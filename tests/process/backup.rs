//! `sekisho backup`: a complete copy, beside a server that goes on writing.

use std::{
    fs,
    process::Stdio,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use crate::{
    support::{Home, Server, TIMEOUT, assert_whole, files_in, home, mode, number, open, wait_until},
    tmpfs::Tmpfs,
};

const ISSUER: &str = "--issuer=http://sekisho.test";

/// Registers users until it is told to stop, and counts those that were acknowledged.
fn keep_registering(server: &Server, name: &str, stop: &AtomicBool, acknowledged: &AtomicUsize) {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        server.register_from_elsewhere(&format!("{name}{number}")).expect(201);
        acknowledged.fetch_add(1, Ordering::SeqCst);
        number += 1;
    }
}

#[test]
fn a_backup_beside_a_writing_server_is_whole_and_holds_what_was_acknowledged() {
    let home = home();
    let server = home.serve_with(&[ISSUER, "--trusted-proxy=127.0.0.1"]);
    let tokens = server.newcomer("alice");
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(1));

    let counts = thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let (server, stop, acknowledged) = (&server, &stop, &acknowledged);
            scope.spawn(move || keep_registering(server, name, stop, acknowledged));
        }
        wait_until("some are registered", || acknowledged.load(Ordering::SeqCst) > 50);
        let counts = [1, 2, 3].map(|copy| {
            let before = acknowledged.load(Ordering::SeqCst);
            let said = home.run(&["backup", &format!("copy{copy}.db")]);
            (before, said, acknowledged.load(Ordering::SeqCst))
        });
        stop.store(true, Ordering::Relaxed);
        counts
    });

    for (copy, (before, said, after)) in (1..).zip(counts) {
        let path = home.path(&format!("copy{copy}.db"));
        assert_whole(&path);
        let users = number(&open(&path), "SELECT count(*) FROM users");
        // Each of the four writers may have had one more request in progress.
        assert!((before..=after + 4).contains(&usize::try_from(users).unwrap()), "{before} {users} {after}");
        let bytes = fs::metadata(&path).unwrap().len();
        assert_eq!(
            said.ok(),
            format!(
                "wrote copy{copy}.db: {users} users, 1 sessions, 1 keys, {bytes} bytes; its integrity and its keys were checked\n"
            )
        );
        assert_eq!(mode(&path), 0o600);
    }
    let names = ["copy1.db", "copy2.db", "copy3.db", "sekisho.db", "sekisho.db-shm", "sekisho.db-wal"];
    assert_eq!(home.files(), names);

    let restored = home.serve_with(&[ISSUER, "--database=copy1.db"]);
    assert_eq!(restored.me(&tokens).expect(200).json()["username"], "alice");
    assert_eq!(restored.kids(), server.kids());
    restored.refresh(&tokens.refresh).expect(200);
}

#[test]
fn a_backup_of_what_was_ended_uncleanly_holds_all_of_it() {
    let home = home();
    let server = home.serve();
    server.newcomer("alice");
    server.kill();

    home.run(&["backup", "copy.db"]).ok();

    home.serve_with(&["--database=copy.db"]).log_in("alice");
}

#[test]
fn nothing_is_overwritten() {
    let home = home();
    home.add_user("alice", "user");
    home.write("notes.txt", "my notes");
    fs::create_dir(home.path("directory")).unwrap();
    std::os::unix::fs::symlink("nowhere", home.path("link")).unwrap();
    let before = home.files();
    for target in ["notes.txt", "directory", "sekisho.db", "./sekisho.db", "link"] {
        let line = home.run(&["backup", target]).refused(1);

        assert!(line.contains(target), "{target}: {line}");
    }
    assert_eq!(home.files(), before);
    assert_eq!(fs::read_to_string(home.path("notes.txt")).unwrap(), "my notes");
}

#[test]
fn a_target_that_cannot_be_is_one_line() {
    let home = home();
    home.add_user("alice", "user");
    for target in ["missing/copy.db", "/proc/copy.db", "", "/", "sekisho.db/copy.db"] {
        let outcome = home.run(&["backup", target]);

        assert!(matches!(outcome.code, Some(1 | 2)), "{outcome:?}");
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
        assert_eq!(home.files(), ["sekisho.db"], "{target}");
    }
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn a_full_disk_leaves_no_partial_copy() {
    let (home, disk) = (home(), Tmpfs::mount("256k"));
    home.add_user("alice", "user");
    disk.fill();
    let target = disk.path("copy.db");
    let arguments = ["backup", target.to_str().unwrap()];

    let line = home.run(&arguments).refused(1);
    let left = files_in(disk.path("").as_path());
    disk.make_room();
    home.run(&arguments).ok();

    assert!(line.contains("full") || line.contains("No space left"), "{line}");
    assert_eq!(left, ["ballast"]);
    assert_whole(&target);
}

#[test]
fn what_is_left_of_a_backup_that_was_killed_keeps_no_later_one() {
    let home = home();
    home.add_user("alice", "user");
    home.write("copy.db.partial-1", "half a copy");

    home.run(&["backup", "copy.db"]).ok();

    assert_whole(&home.path("copy.db"));
    assert_eq!(home.files(), ["copy.db", "copy.db.partial-1", "sekisho.db"]);
}

/// How many bytes of a backup are written before it has its name.
fn partial_bytes(home: &Home, target: &str) -> u64 {
    let prefix = format!("{target}.partial");
    let partial = home.files().into_iter().filter(|name| name.starts_with(&prefix));
    // It may get its name meanwhile.
    partial.filter_map(|name| fs::metadata(home.path(&name)).ok()).map(|file| file.len()).sum()
}

#[test]
fn a_backup_that_is_killed_is_whole_or_not_there() {
    let home = home();
    home.add_user("alice", "user");
    open(&home.database())
        .execute_batch(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
             INSERT INTO retired_usernames SELECT printf('a name that was somebody''s %08d', i), 0 FROM n",
        )
        .unwrap();
    let (bytes, mut whole) = (fs::metadata(home.database()).unwrap().len(), 0);
    for tenths in 0..=10 {
        let target = format!("copy{tenths}.db");
        let mut child = home.command(&["backup", &target]).stdout(Stdio::null()).spawn().unwrap();
        let began = Instant::now();
        while partial_bytes(&home, &target) < bytes * tenths / 10 && child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < TIMEOUT, "it does not end");
        }
        child.kill().unwrap();
        child.wait().unwrap();

        if home.path(&target).exists() {
            assert_whole(&home.path(&target));
            assert_eq!(number(&open(&home.path(&target)), "SELECT count(*) FROM retired_usernames"), 20_000);
            whole += 1;
        }
    }
    assert!(whole <= 10, "none was killed in time");
}

#[test]
fn a_damaged_database_is_not_backed_up() {
    let home = home();
    home.add_user("alice", "user");
    let db = open(&home.database());
    // An index that lacks an existing row.
    db.execute_batch(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE INDEX users_admins ON users (id) WHERE role = ''user'''
         WHERE name = 'users_admins'",
    )
    .unwrap();
    drop(db);

    let line = home.run(&["backup", "copy.db"]).refused(1);

    assert!(line.contains("the copy is damaged"), "{line}");
    assert!(!home.path("copy.db").exists());
}

#[test]
fn a_backup_whose_key_does_not_sign_is_no_backup() {
    let home = home();
    drop(home.serve());
    let db = open(&home.path("sekisho.db"));
    db.execute("UPDATE signing_keys SET private_key = x'00'", []).unwrap();
    drop(db);

    let line = home.run(&["backup", "copy.db"]).refused(1);

    assert!(line.contains("the keys in the copy cannot be used"), "{line}");
    assert!(!home.path("copy.db").exists());
}

#[test]
fn a_backup_is_restored_whole_and_stays_as_it_is() {
    let home = home();
    let server = home.serve();
    server.newcomer("alice");
    home.run(&["backup", "copy.db"]).ok();
    let copy = fs::read(home.path("copy.db")).unwrap();

    let said = home.run(&["restore", "copy.db", "--database=restored.db"]).ok();

    assert_eq!(
        said,
        "restored 1 users to restored.db; no session, key or token from before is valid: all users log in again\n"
    );
    assert_whole(&home.path("restored.db"));
    assert_eq!(mode(&home.path("restored.db")), 0o600);
    assert_eq!(fs::read(home.path("copy.db")).unwrap(), copy);
    home.serve_with(&["--database=restored.db"]).log_in("alice");
}

#[test]
fn what_is_no_backup_is_not_restored_and_nothing_is_overwritten() {
    let home = home();
    home.serve().newcomer("alice");
    fs::write(home.path("text.db"), "a text that is long enough to be a database's header, and is none")
        .unwrap();
    rusqlite::Connection::open(home.path("other.db")).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    fs::write(home.path("empty.db"), "").unwrap();

    for (backup, target, expected) in [
        ("missing.db", "new.db", "there is no such file"),
        ("text.db", "new.db", "not an SQLite database"),
        ("other.db", "new.db", "it belongs to another program"),
        ("empty.db", "new.db", "it is empty"),
        ("sekisho.db", "text.db", "text.db exists already"),
        ("sekisho.db", "missing/new.db", "cannot write missing/new.db"),
        ("sekisho.db", ":memory:", "a backup is restored to a file"),
    ] {
        let line = home.run(&["restore", backup, "--database", target]).refused(1);

        assert!(line.contains(expected), "{line}");
        assert!(!home.path("new.db").exists(), "{line}");
    }
}
