//! `sekisho import`: the users of a tutorial's application, with their hashes.

use std::{fs, path::Path};

use rusqlite::Connection;

use crate::support::{Home, PASSWORD, home, snapshot};

/// The database as SQLModel creates it for the tutorial, with these rows.
fn tutorial(home: &Home, rows: &[(i64, &str, &str, &str)]) {
    let db = Connection::open(home.path("tutorial.db")).unwrap();
    db.execute_batch(
        r#"CREATE TABLE "user" (
            id INTEGER NOT NULL,
            email VARCHAR NOT NULL,
            username VARCHAR NOT NULL,
            hashed_password VARCHAR NOT NULL,
            PRIMARY KEY (id)
        );
        CREATE TABLE item (id INTEGER NOT NULL, name VARCHAR, PRIMARY KEY (id));"#,
    )
    .unwrap();
    for row in rows {
        db.execute(
            r#"INSERT INTO "user" (id, email, username, hashed_password) VALUES (?1, ?2, ?3, ?4)"#,
            *row,
        )
        .unwrap();
    }
}

/// A hash as passlib makes it, of the lowest cost.
fn hash(password: &str) -> String {
    bcrypt::hash_with_result(password, 4).unwrap().format_for_version(bcrypt::Version::TwoB)
}

fn users(home: &Home) -> Vec<String> {
    let list = home.run(&["users", "list", "--json"]).json();
    list.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_tutorials_users_log_in_with_their_old_passwords_and_numbers() {
    let home = home();
    let names = [
        (3, "alice@example.com", "alice", PASSWORD),
        (7, "weird@localhost", "Ünï cödé", "pässwörd \u{1F511}"),
        (8, "not an address", "a", "x"),
        (21, "under@example.com", "_under score_", "  spaces  "),
    ];
    let rows = names.map(|(id, email, name, password)| (id, email, name, hash(password)));
    tutorial(&home, &rows.each_ref().map(|(id, email, name, hash)| (*id, *email, *name, hash.as_str())));
    let source = fs::read(home.path("tutorial.db")).unwrap();

    let said = home.run(&["import", "tutorial.db"]).ok();
    let server = home.serve();

    assert_eq!(said, "imported: 4 new, 0 imported before, 0 cannot be imported\n");
    for (id, email, name, password) in names {
        for login in [name, email, &name.to_uppercase(), &email.to_uppercase()] {
            let tokens = server.try_log_in(login, password).tokens();
            let me = server.me(&tokens).expect(200).json();
            assert_eq!((&me["id"], &me["username"], &me["email"]), (&id.into(), &name.into(), &email.into()));
            assert_eq!(me["role"], "user");
        }
        assert_eq!(server.try_log_in(name, &format!("{password}!")).status, 401);
    }
    assert_eq!(server.register("newcomer").expect(201).json()["id"], 22);
    assert!(fs::read(home.path("tutorial.db")).unwrap() == source);
}

#[test]
fn users_are_imported_beside_a_running_server() {
    let home = home();
    let server = home.serve();
    tutorial(&home, &[(1, "alice@example.com", "alice", &hash(PASSWORD))]);

    home.run(&["import", "tutorial.db"]).ok();

    server.log_in("alice");
}

#[test]
fn a_second_import_changes_nothing_not_even_a_password_set_since() {
    let home = home();
    tutorial(&home, &[(1, "alice@example.com", "alice", &hash("the old one"))]);
    home.run(&["import", "tutorial.db"]).ok();
    home.run_with_input(&["users", "set-password", "alice", "--password-stdin"], PASSWORD).ok();

    let said = home.run(&["import", "tutorial.db"]).ok();

    assert_eq!(said, "imported: 0 new, 1 imported before, 0 cannot be imported\n");
    let server = home.serve();
    server.log_in("alice");
    assert_eq!(server.try_log_in("alice", "the old one").status, 401);
}

#[test]
fn a_dry_run_reports_and_changes_nothing() {
    let home = home();
    home.add_user("bob", "user");
    let good = hash(PASSWORD);
    tutorial(&home, &[(5, "alice@example.com", "alice", &good), (6, "eve@example.com", "eve", "plain text")]);

    let outcome = home.run(&["import", "tutorial.db", "--dry-run"]);

    assert_eq!(outcome.stderr, "sekisho: user 6 (eve): the hash is not a bcrypt hash\n");
    assert_eq!(
        outcome.ok(),
        "dry run, nothing was changed: 1 new, 0 imported before, 1 cannot be imported\n"
    );
    assert_eq!(users(&home), ["bob"]);
}

#[test]
fn a_dry_run_before_there_is_a_database_makes_none() {
    let home = home();
    tutorial(&home, &[(5, "alice@example.com", "alice", &hash(PASSWORD))]);

    let said = home.run(&["import", "tutorial.db", "--dry-run"]).ok();

    assert_eq!(said, "dry run, nothing was changed: 1 new, 0 imported before, 0 cannot be imported\n");
    assert_eq!(home.files(), ["tutorial.db"]);
}

/// Rows with everything that can be wrong, beside a valid one.
fn trouble(home: &Home) -> Vec<&'static str> {
    home.add_user("bob", "user");
    let good = hash(PASSWORD);
    let absurd = good.replacen("$04$", "$31$", 1);
    let cut = &good[..good.len() - 1];
    tutorial(
        home,
        &[
            (1, "carol@example.com", "carol", &good),
            (10, "alice@example.com", "alice", &good),
            (11, "plain@example.com", "plain", "hunter2"),
            (12, "slow@example.com", "slow", &absurd),
            (13, "cut@example.com", "cut", cut),
            (14, "other@example.com", "ALICE", &good),
            (15, "Alice@Example.com", "alice2", &good),
            (16, "bob2@example.com", "Bob", &good),
            (17, "BOB@example.com", "bob2", &good),
            (18, "", "nobody", &good),
            (19, "nameless@example.com", "", ""),
            (20, "", "BOB", "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA"),
            (-1, "negative@example.com", "negative", &good),
        ],
    );
    vec![
        "sekisho: user -1 (negative): the id is not a number from 1 to 9007199254740991",
        "sekisho: user 1 (carol): another user has this id here",
        "sekisho: user 11 (plain): the hash is not a bcrypt hash",
        "sekisho: user 12 (slow): the hash has a cost of 31, and with --bcrypt-cost 4 at most 6 is accepted",
        "sekisho: user 13 (cut): the hash is not a bcrypt hash",
        "sekisho: user 14 (ALICE): another user before has the same username",
        "sekisho: user 15 (alice2): another user before has the same email address",
        "sekisho: user 16 (Bob): the username is taken here",
        "sekisho: user 17 (bob2): the email address is taken here",
        "sekisho: user 18 (nobody): no text in email",
        "sekisho: user 19: no text in username; no text in hashed_password",
        "sekisho: user 20 (BOB): no text in email; the hash is not a bcrypt hash; another user before has the \
         same username; the username is taken here",
    ]
}

#[test]
fn nobody_is_imported_unless_everybody_can_be_or_skip_invalid_is_given_and_each_reason_is_told() {
    let home = home();
    let expected = trouble(&home);

    let outcome = home.run(&["import", "tutorial.db"]);

    let mut lines: Vec<_> = outcome.stderr.lines().collect();
    let last = lines.pop().unwrap();
    assert_eq!(lines, expected);
    assert_eq!(
        last,
        "sekisho: nothing was imported (1 new, 0 imported before, 12 cannot be imported); \
         --skip-invalid imports the others"
    );
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
    assert_eq!(users(&home), ["bob"]);

    let skipping = home.run(&["import", "tutorial.db", "--skip-invalid"]);

    assert_eq!(skipping.stderr.lines().collect::<Vec<_>>(), expected);
    assert_eq!(skipping.ok(), "imported: 1 new, 0 imported before, 12 cannot be imported\n");
    assert_eq!(users(&home), ["bob", "alice"]);
    home.serve().log_in("alice");
}

#[test]
fn an_import_says_when_it_makes_every_login_slower() {
    let home = home();
    let dear = hash(PASSWORD).replacen("$04$", "$14$", 1);
    tutorial(&home, &[(1, "alice@example.com", "alice", &dear)]);
    let cost = |cost: &str| home.run(&["import", "tutorial.db", "--dry-run", "--bcrypt-cost", cost]);

    let (slower, refused) = (cost("12"), cost("11"));

    assert!(slower.stderr.contains("there are hashes of cost 14: with --bcrypt-cost 12"), "{slower:?}");
    assert!(slower.stderr.contains("takes 4 times as long"), "{slower:?}");
    assert!(refused.stderr.contains("with --bcrypt-cost 11 at most 13 is accepted"), "{refused:?}");
    assert_eq!(cost("14").stderr, "");
    let costs = slower.ok();
    assert_eq!(costs, "dry run, nothing was changed: 1 new, 0 imported before, 0 cannot be imported\n");
}

#[test]
fn what_is_no_tutorial_database_is_refused_and_no_database_is_made() {
    let home = home();
    home.write("notes.txt", "my notes\n".repeat(200));
    fs::create_dir(home.path("directory")).unwrap();
    Connection::open(home.path("other.db")).unwrap().execute_batch("CREATE TABLE note (id)").unwrap();
    let columns = r#"CREATE TABLE "user" (id INTEGER PRIMARY KEY, email TEXT, username TEXT)"#;
    Connection::open(home.path("columns.db")).unwrap().execute_batch(columns).unwrap();
    let before = snapshot(Path::new(&home.path("")));
    for (file, expected) in [
        ("missing.db", "there is no such file"),
        ("directory", "there is no such file"),
        ("notes.txt", "not a database"),
        ("other.db", "no such table: user"),
        ("columns.db", "no such column: hashed_password"),
    ] {
        let line = home.run(&["import", file]).refused(1);

        assert!(line.contains(&format!("cannot read {file}: ")) && line.contains(expected), "{file}: {line}");
    }
    assert!(snapshot(Path::new(&home.path(""))) == before, "{:?}", home.files());
}

#[test]
fn a_tutorial_that_still_runs_is_read_with_what_is_in_its_log() {
    let home = home();
    tutorial(&home, &[(1, "alice@example.com", "alice", &hash(PASSWORD))]);
    let running = Connection::open(home.path("tutorial.db")).unwrap();
    running.pragma_update(None, "journal_mode", "WAL").unwrap();
    let insert = r#"INSERT INTO "user" VALUES (2, 'bob@example.com', 'bob', ?1)"#;
    running.execute(insert, [hash(PASSWORD)]).unwrap();
    let before = fs::read(home.path("tutorial.db")).unwrap();

    home.run(&["import", "tutorial.db"]).ok();

    assert_eq!(users(&home), ["alice", "bob"]);
    assert!(fs::read(home.path("tutorial.db")).unwrap() == before);
    running.execute(r#"DELETE FROM "user" WHERE id = 2"#, []).unwrap();
}

#[test]
fn an_import_from_or_to_the_wrong_database_is_refused() {
    let home = home();
    tutorial(&home, &[(1, "alice@example.com", "alice", &hash(PASSWORD))]);
    home.add_user("bob", "user");
    let tutorial = fs::read(home.path("tutorial.db")).unwrap();

    let onto_itself = home.run(&["import", "tutorial.db", "--database=tutorial.db"]).refused(1);
    let from_ours = home.run(&["import", "sekisho.db"]).refused(1);

    assert!(onto_itself.contains("it belongs to another program"), "{onto_itself}");
    assert!(from_ours.contains("no such table: user"), "{from_ours}");
    assert!(fs::read(home.path("tutorial.db")).unwrap() == tutorial);
}
