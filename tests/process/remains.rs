//! What remains of deleted data in a file, and who can read the file.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::support::{Home, finish, home, mode, number, open};

fn holds(path: &Path, text: &str) -> bool {
    fs::read(path).unwrap().windows(text.len()).any(|bytes| bytes == text.as_bytes())
}

/// Leaves what a user who was deleted by an earlier version left.
fn leave_remnants(home: &Home) -> String {
    home.add_user("alice", "user");
    let remnant = "deleted-long-ago@example.com".to_owned();
    let db = open(&home.database());
    db.execute_batch(&format!(
        "PRAGMA secure_delete = OFF;
         INSERT INTO users (email, email_key, username, username_key, password_hash, role, created_at)
         VALUES ('{remnant}', '{remnant}', 'gone', 'gone', 'hash', 'user', 0);
         DELETE FROM users WHERE username = 'gone';"
    ))
    .unwrap();
    drop(db);
    assert!(holds(&home.database(), &remnant), "the test has nothing to find");
    remnant
}

#[test]
fn a_deleted_user_is_in_neither_file_nor_backup() {
    let home = home();
    let server = home.serve();
    server.newcomer("bob");
    let db = open(&home.database());
    let hash: String = db.query_row("SELECT password_hash FROM users", [], |row| row.get(0)).unwrap();
    drop(db);

    home.run(&["users", "delete", "bob"]).ok();
    home.run(&["backup", "copy.db"]).ok();
    server.stop();

    for path in [home.database(), home.path("copy.db")] {
        assert!(!holds(&path, "bob@example.com") && !holds(&path, &hash), "{}", path.display());
    }
}

#[test]
fn a_backup_leaves_behind_what_was_deleted_before_deleting_meant_overwriting() {
    let home = home();
    let remnant = leave_remnants(&home);

    home.run(&["backup", "copy.db"]).ok();
    home.run(&["restore", "sekisho.db", "--keep-sessions", "--database=restored.db"]).ok();

    assert!(!holds(&home.path("copy.db"), &remnant) && !holds(&home.path("restored.db"), &remnant));
}

#[test]
fn a_database_with_remnants_is_rewritten_at_the_next_start_and_once() {
    let home = home();
    let remnant = leave_remnants(&home);
    open(&home.database()).execute_batch("INSERT OR IGNORE INTO unfinished VALUES ('scrub')").unwrap();

    home.serve().stop();

    assert!(!holds(&home.database(), &remnant));
    assert_eq!(number(&open(&home.database()), "SELECT count(*) FROM unfinished"), 0);
}

#[test]
fn a_database_that_others_can_read_is_its_owners_alone_after_the_start() {
    let home = home();
    home.serve().kill();
    let files = ["sekisho.db", "sekisho.db-wal", "sekisho.db-shm"];
    for (file, mode) in files.iter().zip([0o644, 0o666, 0o640]) {
        fs::set_permissions(home.path(file), fs::Permissions::from_mode(mode)).unwrap();
    }

    let server = home.serve();

    for (file, before) in files.iter().zip(["0644", "0666", "0640"]) {
        assert_eq!(mode(&home.path(file)), 0o600, "{file}");
        let told = format!("{file} could be read by other users (mode {before})");
        assert!(server.log().contains(&told), "{}", server.log());
    }
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn a_database_that_others_can_read_is_refused_to_whoever_cannot_change_that() {
    use std::os::unix::process::CommandExt;

    let home = home();
    home.add_user("alice", "user");
    fs::set_permissions(home.database(), fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(home.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = home.command(&["users", "list"]);
    command.uid(65_534).gid(65_534);

    let line = finish(&mut command, "").refused(1);

    assert!(line.contains("sekisho.db can be read by other users (mode 0666): chmod 600"), "{line}");
}

#[test]
fn no_copy_is_made_where_others_could_put_another_in_its_place() {
    let home = home();
    home.add_user("alice", "user");
    for directory in ["open", "sticky"] {
        fs::create_dir(home.path(directory)).unwrap();
    }
    fs::set_permissions(home.path("open"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(home.path("sticky"), fs::Permissions::from_mode(0o1777)).unwrap();

    let backup = home.run(&["backup", "open/copy.db"]).refused(1);
    let restore = home.run(&["restore", "sekisho.db", "--database=open/copy.db"]).refused(1);
    home.run(&["backup", "sticky/copy.db"]).ok();

    for line in [backup, restore] {
        assert!(line.contains("other users can replace files in open (mode 0777)"), "{line}");
    }
    assert_eq!(crate::support::files_in(&home.path("open")), [""; 0]);
    assert_eq!(crate::support::files_in(&home.path("sticky")), ["copy.db"]);
}

#[test]
fn a_backup_with_a_trigger_or_a_view_is_not_restored() {
    for (sql, expected) in [
        (
            "CREATE TRIGGER t AFTER DELETE ON sessions BEGIN UPDATE users SET role = 'admin'; END",
            "the trigger t is not Sekisho's own",
        ),
        ("CREATE VIEW v AS SELECT * FROM users", "the view v is not Sekisho's own"),
        ("CREATE TABLE notes (text TEXT)", "the table notes is not Sekisho's own"),
        ("CREATE INDEX i ON users (role)", "the index i is not Sekisho's own"),
    ] {
        let home = home();
        home.add_user("alice", "user");
        home.run(&["backup", "copy.db"]).ok();
        open(&home.path("copy.db")).execute_batch(sql).unwrap();
        open(&home.database()).execute_batch(sql).unwrap();
        for keep in [&[][..], &["--keep-sessions"]] {
            let arguments = [&["restore", "copy.db", "--database=restored.db"], keep].concat();

            let line = home.run(&arguments).refused(1);

            assert!(line.contains(expected), "{line}");
            assert!(!home.path("restored.db").exists());
        }
        let line = home.run(&["backup", "another.db"]).refused(1);
        assert!(line.contains(expected), "what cannot be restored is no backup: {line}");
    }
}
