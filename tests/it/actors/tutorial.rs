//! Reading the database of a FastAPI and SQLModel tutorial's application.

use rusqlite::Connection;
use sekisho::{actors::db::sqlite::read_tutorial_database, domain::ImportedUser};
use tempfile::TempDir;

/// What is read from a file that this SQL creates.
fn read(sql: &str) -> Result<Vec<ImportedUser>, String> {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("database.db");
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let before = std::fs::read(&path).unwrap();
    let users = read_tutorial_database(&path);
    assert!(std::fs::read(&path).unwrap() == before);
    users.map_err(|error| error.split_once("database.db: ").unwrap().1.to_owned())
}

fn flaws(users: &[ImportedUser]) -> Vec<String> {
    let told = |user: &ImportedUser| {
        let flaws: Vec<_> = user.flaws.iter().map(ToString::to_string).collect();
        format!("{}: {}", user.id.map_or("-".to_owned(), |id| id.to_string()), flaws.join("; "))
    };
    users.iter().map(told).collect()
}

#[test]
fn what_a_row_lacks_is_noted_with_it() {
    let users = read(
        r#"CREATE TABLE "user" (id INTEGER, email VARCHAR, username VARCHAR, hashed_password VARCHAR);
           INSERT INTO "user" VALUES
             (1, 'alice@example.com', 'alice', '$2b$12$x'), (NULL, 'n@example.com', 'n', 'h'),
             (2, NULL, 'bob', 'h'), (3, 'carol@example.com', '', 'h'), (4, 'dave@example.com', 'dave', NULL),
             (5, x'ff', 'eve', 'h'), (-6, 'f@example.com', 'frank', 'h'), (7, NULL, NULL, NULL),
             ('x', 'g@example.com', 'gus', 'h'), (8, 8, CAST(x'ff' AS TEXT), 'h'), (0, 'z@example.com', 'zero', 'h'),
             (9007199254740991, 'm@example.com', 'max', 'h'), (9007199254740992, 'o@example.com', 'over', 'h'),
             (9223372036854775807, 'l@example.com', 'last', 'h');"#,
    )
    .unwrap();

    let id = "the id is not a number from 1 to 9007199254740991";
    assert_eq!(
        flaws(&users),
        [
            format!("-: {id}"),
            format!("-6: {id}"),
            format!("0: {id}"),
            "1: ".to_owned(),
            "2: no text in email".to_owned(),
            "3: no text in username".to_owned(),
            "4: no text in hashed_password".to_owned(),
            "5: no text in email".to_owned(),
            "7: no text in username; no text in email; no text in hashed_password".to_owned(),
            "8: no text in username".to_owned(),
            "9007199254740991: ".to_owned(),
            format!("9007199254740992: {id}"),
            format!("9223372036854775807: {id}"),
            format!("-: {id}"),
        ]
    );
}

#[test]
fn a_name_is_one_that_somebody_can_type() {
    let users = read(
        r#"CREATE TABLE "user" (id INTEGER, email VARCHAR, username VARCHAR, hashed_password VARCHAR);
           INSERT INTO "user" VALUES
             (1, printf('%.254c', 'x'), 'a', 'h'), (2, printf('%.255c', 'x'), 'b', 'h'),
             (3, 'c@example.com', printf('%.5000000c', 'x'), 'h'),
             (4, 'd@example.com', 'd' || char(27) || '[2J', 'h'), (5, 'e@example.com' || char(10), 'e', 'h'),
             (6, 'f@example.com', 'f', printf('%.5000000c', 'x')), (7, 'g@example.com', CAST(zeroblob(3) AS TEXT), 'h');"#,
    )
    .unwrap();

    assert_eq!(
        flaws(&users),
        [
            "1: ",
            "2: more than 254 bytes in email",
            "3: more than 254 bytes in username",
            "4: a control character in username",
            "5: a control character in email",
            "6: more than 1024 bytes in hashed_password",
            "7: a control character in username",
        ]
    );
    assert!(users[3].username.is_none());
}

#[test]
fn the_columns_that_ban_somebody_are_taken_for_what_they_say() {
    let with = |column: &str, values: &str| {
        read(&format!(
            r#"CREATE TABLE "user" (id INTEGER, email TEXT, username TEXT, hashed_password TEXT, {column} BOOLEAN);
               INSERT INTO "user" SELECT n, n || '@example.com', 'u' || n, 'h', v
               FROM (SELECT column1 AS n, column2 AS v FROM (VALUES {values}));"#
        ))
        .unwrap()
    };
    let disabled = with("Disabled", "(1, 0), (2, 1), (3, NULL), (4, 'false'), (5, 2)");
    let active = with("is_active", "(1, 1), (2, 0), (3, NULL)");

    let states = |users: &[ImportedUser]| users.iter().map(|user| user.disabled).collect::<Vec<_>>();
    assert_eq!(states(&disabled)[..3], [false, true, false]);
    assert_eq!(flaws(&disabled)[3..], ["4: neither 0 nor 1 in disabled", "5: neither 0 nor 1 in disabled"]);
    assert_eq!(states(&active), [false, true, true]);
}

#[test]
fn only_an_ordinary_table_is_read() {
    let endless = r#"CREATE VIEW "user" AS WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
                     SELECT id, 'e' || id AS email, 'u' || id AS username, 'h' AS hashed_password FROM n;"#;
    let computed = r#"CREATE VIRTUAL TABLE "user" USING fts5 (id, email, username, hashed_password);"#;

    assert_eq!(read(endless).unwrap_err(), "user is not an ordinary table; its type is view");
    assert_eq!(read(computed).unwrap_err(), "user is not an ordinary table; its type is virtual");
    assert_eq!(read("CREATE TABLE users (id)").unwrap_err(), "no such table: user");
    let lacking = r#"CREATE TABLE "user" (id INTEGER, email TEXT, hashed_password TEXT)"#;
    assert_eq!(read(lacking).unwrap_err(), "no such column: username");
}
