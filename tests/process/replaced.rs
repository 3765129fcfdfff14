//! The database's file removed, put back, and replaced under a running server.

use std::fs;

use crate::support::{Home, Server, assert_whole, home, wait_until};

const ISSUER: &str = "--issuer=http://sekisho.test";
const ALL: [&str; 3] = ["sekisho.db", "sekisho.db-wal", "sekisho.db-shm"];

fn serve(home: &Home) -> Server {
    home.serve_with(&[ISSUER])
}

fn move_away(home: &Home, names: &[&str]) {
    fs::create_dir_all(home.path("away")).unwrap();
    for name in names {
        fs::rename(home.path(name), home.path("away").join(name)).unwrap();
    }
}

fn move_back(home: &Home, names: &[&str]) {
    for name in names {
        fs::rename(home.path("away").join(name), home.path(name)).unwrap();
    }
}

/// Asserts that every acknowledged user is in the database after a crash, and that it is intact.
#[track_caller]
fn assert_kept_through_a_crash(home: &Home, server: Server, names: &[&str]) {
    server.kill();
    let server = serve(home);
    for name in names {
        server.log_in(name);
    }
    server.stop();
    assert_whole(&home.database());
}

#[test]
fn while_the_file_is_away_nothing_is_acknowledged_and_all_is_well_when_it_is_back() {
    for names in [&ALL[..], &ALL[..1]] {
        let home = home();
        let server = serve(&home);
        let alice = server.newcomer("alice");

        move_away(&home, names);
        server.register("bob").unavailable("database_unavailable");
        server.refresh(&alice.refresh).unavailable("database_unavailable");
        server.as_user(&alice.access, "POST", "/logout").unavailable("database_unavailable");
        server.assert_failing(&["db"]);
        assert!(!home.database().exists());
        move_back(&home, names);
        server.wait_until_ready();

        server.register("bob").expect(201);
        server.refresh(&alice.refresh).expect(200);
        server.me(&alice).expect(200);
        assert_kept_through_a_crash(&home, server, &["alice", "bob"]);
    }
}

#[test]
fn a_deleted_file_is_said_and_never_made_anew() {
    let home = home();
    let server = serve(&home);
    server.newcomer("alice");

    for name in ALL {
        fs::remove_file(home.path(name)).unwrap();
    }

    for number in 0..3 {
        server.register(&format!("bob{number}")).unavailable("database_unavailable");
        server.assert_failing(&["db"]);
    }
    assert_eq!(home.files(), [""; 0]);
    let log = server.log();
    let told = |what: &str| log.lines().filter(|line| line.contains(what)).count();
    assert!(told("housekeeping") <= 1, "{log}");
    // The text of the fault depends on which of the three files SQLite misses first. That the server is not
    // ready is reported in addition.
    assert_eq!(told("status=503") - told("status=503 not ready: db"), 1, "{log}");
}

#[test]
fn a_restored_backup_is_taken_up_without_a_restart() {
    // With the old files moved away, and with a careless `mv` that leaves the log behind.
    for moved in [&ALL[..], &[]] {
        let home = home();
        let server = serve(&home);
        let alice = server.newcomer("alice");
        home.run(&["backup", "copy.db"]).ok();
        server.newcomer("bob");

        move_away(&home, moved);
        fs::rename(home.path("copy.db"), home.database()).unwrap();
        wait_until("the backup is taken up", || server.log().contains("another database file"));
        server.wait_until_ready();

        assert_eq!(server.try_log_in("bob", crate::support::PASSWORD).status, 401, "{moved:?}");
        server.me(&alice).expect(200);
        server.refresh(&alice.refresh).expect(200);
        server.register("carol").expect(201);
        home.run(&["users", "show", "carol"]).ok();
        home.add_user("dave", "user");
        server.log_in("dave");
        assert_kept_through_a_crash(&home, server, &["alice", "carol", "dave"]);
    }
}

#[test]
fn a_backup_that_is_restored_beneath_a_server_lets_people_log_in_and_nobody_go_on() {
    let home = home();
    let server = serve(&home);
    let alice = server.newcomer("alice");
    let before = server.kids();
    home.run(&["backup", "copy.db"]).ok();

    move_away(&home, &ALL);
    home.run(&["restore", "copy.db"]).ok();
    // A token that the left-behind key signed is refused as well.
    wait_until("there is a new key", || server.kids().iter().all(|kid| !before.contains(kid)));

    assert_eq!(server.me(&alice).status, 401);
    assert_eq!(server.refresh(&alice.refresh).status, 401);
    let new = server.log_in("alice");
    server.me(&new).expect(200);
    server.stop();
    serve(&home).refresh(&new.refresh).expect(200);
}

#[test]
fn a_backup_restored_after_a_crash_is_not_mixed_with_the_log_of_what_it_replaces() {
    for by_link in [false, true] {
        let home = home();
        let actual = if by_link { home.path("actual.db") } else { home.database() };
        if by_link {
            fs::write(&actual, "").unwrap();
            std::os::unix::fs::symlink(&actual, home.database()).unwrap();
        }
        let server = serve(&home);
        let alice = server.newcomer("alice");
        home.run(&["backup", "copy.db"]).ok();
        server.newcomer("bob");
        server.kill();
        assert!(actual.with_extension("db-wal").exists());

        fs::rename(home.path("copy.db"), actual).unwrap();
        let server = serve(&home);

        server.me(&alice).expect(200);
        assert_eq!(server.try_log_in("bob", crate::support::PASSWORD).status, 401);
        server.register("carol").expect(201);
        assert_kept_through_a_crash(&home, server, &["alice", "carol"]);
    }
}

#[test]
fn what_is_no_database_of_ours_is_neither_taken_up_nor_changed() {
    let other = home();
    let db = rusqlite::Connection::open(other.path("other.db")).unwrap();
    db.execute_batch("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine');").unwrap();
    drop(db);
    let other = fs::read(other.path("other.db")).unwrap();
    for (what, content) in
        [("text", "my notes\n".repeat(1000).into_bytes()), ("other", other), ("empty", vec![])]
    {
        let home = home();
        let server = serve(&home);
        let alice = server.newcomer("alice");
        move_away(&home, &ALL);
        fs::write(home.database(), &content).unwrap();

        server.register("bob").unavailable("database_unavailable");
        server.refresh(&alice.refresh).unavailable("database_unavailable");
        server.assert_failing(&["db"]);
        assert!(fs::read(home.database()).unwrap() == content, "{what} was changed");

        move_back(&home, &ALL);
        server.wait_until_ready();
        server.refresh(&alice.refresh).expect(200);
        server.register("bob").expect(201);
        assert_kept_through_a_crash(&home, server, &["alice", "bob"]);
    }
}
