//! Importing the users of a FastAPI and SQLModel tutorial's application.

use rusqlite::Connection;
use sekisho::{
    actors::{
        account::LoginError,
        db::{
            DeleteUser, FindNameConflict, ImportReport, ImportUsers, InsertUser, ListUsers, NameConflict,
            UpdateRefused, UpdateUser, sqlite::read_tutorial_database,
        },
        password::{UnusableHash, check_hash},
    },
    domain::{Email, ImportFlaw, ImportedUser, PasswordHash, Role, User, UserChange, UserId, Username},
};
use tempfile::TempDir;

use super::steps::{authenticate, log_in, register, try_log_in};
use crate::support::{PASSWORD, START, SendToDb, TestActors};

fn imported(id: i64, username: &str, email: &str) -> ImportedUser {
    ImportedUser {
        id: Some(UserId(id)),
        email: Some(Email::from_trusted(email.to_owned())),
        username: Some(Username::from_trusted(username.to_owned())),
        password_hash: Some(PasswordHash::new(bcrypt::hash(PASSWORD, 4).unwrap())),
        disabled: false,
        flaws: Vec::new(),
    }
}

fn import(users: &[ImportedUser]) -> ImportUsers {
    ImportUsers { users: users.to_vec(), skip_invalid: false, dry_run: false }
}

async fn run(actors: &TestActors, import: ImportUsers) -> ImportReport {
    actors.ask_db(import).await.unwrap()
}

async fn everybody(actors: &TestActors) -> Vec<User> {
    let list = ListUsers { prefix: String::new(), after: None, limit: 200 };
    actors.ask_db(list).await.unwrap().items
}

fn problems(report: &ImportReport) -> Vec<String> {
    report.problems.iter().map(ToString::to_string).collect()
}

#[actix_web::test]
async fn imported_users_keep_their_number_names_and_password() {
    let actors = TestActors::start().await;
    let users = [imported(7, "Alice", "Alice@example.com"), imported(9, "bob", "bob@example.com")];

    let report = run(&actors, import(&users)).await;

    let expected = ImportReport { imported: 2, present: 0, problems: Vec::new(), applied: true };
    assert_eq!(report, expected);
    let tokens = log_in(&actors, "alice").await;
    let caller = authenticate(&actors, &tokens.access_token).await.unwrap();
    let alice = User {
        id: UserId(7),
        email: users[0].email.clone().unwrap(),
        username: users[0].username.clone().unwrap(),
        role: Role::User,
        disabled: false,
        created_at: START,
    };
    assert_eq!(caller.user, alice);
    // Later numbers do not clash with imported ones.
    assert_eq!(register(&actors, "carol", Role::User).await.id, UserId(10));
}

#[actix_web::test]
async fn names_that_todays_rules_refuse_still_log_in() {
    let actors = TestActors::start().await;
    let long = "x".repeat(100);
    let names = ["böb", "two words", "a@b", "_under", &long, "山田", "o'neil", "ÉMILE"];
    let users: Vec<_> =
        (1..).zip(names).map(|(id, name)| imported(id, name, &format!("person {id} at home"))).collect();

    assert!(run(&actors, import(&users)).await.applied);

    for (id, name) in (1..).zip(names) {
        assert!(Username::parse(name).is_err(), "{name}");
        for login in [name.to_owned(), name.to_uppercase(), format!("Person {id} at HOME")] {
            let tokens = log_in(&actors, &login).await;
            let caller = authenticate(&actors, &tokens.access_token).await.unwrap();
            assert_eq!((caller.user.id, caller.user.username.as_str()), (UserId(id), name), "{login}");
        }
    }
}

#[actix_web::test]
async fn an_import_that_is_run_twice_adds_nothing() {
    let actors = TestActors::start().await;
    let users = [imported(1, "alice", "alice@example.com"), imported(2, "bob", "bob@example.com")];
    run(&actors, import(&users)).await;
    let before = everybody(&actors).await;

    let again = run(&actors, import(&users)).await;

    let expected = ImportReport { imported: 0, present: 2, problems: Vec::new(), applied: true };
    assert_eq!(again, expected);
    assert_eq!(everybody(&actors).await, before);
}

#[actix_web::test]
async fn an_import_that_is_run_again_brings_those_who_came_since() {
    let actors = TestActors::start().await;
    let mut users = vec![imported(1, "alice", "alice@example.com")];
    run(&actors, import(&users)).await;
    users.push(imported(2, "bob", "bob@example.com"));

    let again = run(&actors, import(&users)).await;

    assert_eq!((again.imported, again.present), (1, 1));
    log_in(&actors, "bob").await;
}

/// Users of whom only `1` and `6` can be imported beside the existing ones.
async fn clashing(actors: &TestActors) -> Vec<ImportedUser> {
    // The existing users are 1 and 2, of whom 2 is deleted.
    for name in ["zoe", "gone"] {
        let insert = InsertUser {
            email: Email::parse(&format!("{name}@example.com")).unwrap(),
            username: Username::parse(name).unwrap(),
            password_hash: PasswordHash::new("$2b$04$".to_owned()),
            role: Role::User,
        };
        actors.ask_db(insert).await.unwrap().unwrap();
    }
    let delete = DeleteUser { id: UserId(2), expected: None };
    actors.ask_db(delete).await.unwrap().unwrap();
    vec![
        imported(1, "alice", "alice@example.com"),
        imported(3, "ZOE", "other@example.com"),
        imported(4, "other", "Zoe@Example.com"),
        imported(5, "gone", "gone@example.com"),
        imported(6, "bob", "bob@example.com"),
        imported(7, "BOB", "bob2@example.com"),
        imported(8, "bob3", "BOB@example.com"),
    ]
}

const CLASHES: [&str; 6] = [
    "user 1 (alice): another user has this id here",
    "user 3 (ZOE): the username is taken here",
    "user 4 (other): the email address is taken here",
    "user 5 (gone): the username is taken here",
    "user 7 (BOB): another user before has the same username",
    "user 8 (bob3): another user before has the same email address",
];

#[actix_web::test]
async fn whoever_cannot_be_imported_is_named_and_nobody_is_imported() {
    let actors = TestActors::start().await;
    let users = clashing(&actors).await;
    let before = everybody(&actors).await;

    let report = run(&actors, import(&users)).await;

    assert_eq!(problems(&report), CLASHES);
    assert_eq!((report.imported, report.applied), (1, false));
    assert_eq!(everybody(&actors).await, before);
}

#[actix_web::test]
async fn the_others_are_imported_where_that_is_wished() {
    let actors = TestActors::start().await;
    let users = clashing(&actors).await;

    let report = run(&actors, ImportUsers { skip_invalid: true, ..import(&users) }).await;

    assert_eq!(problems(&report), CLASHES);
    assert_eq!((report.imported, report.applied), (1, true));
    log_in(&actors, "bob").await;
    assert_eq!(try_log_in(&actors, "alice", PASSWORD).await.err(), Some(LoginError::Incorrect));
}

#[actix_web::test]
async fn a_rehearsal_reports_the_same_and_changes_nothing() {
    let actors = TestActors::start().await;
    let users = clashing(&actors).await;
    let before = everybody(&actors).await;

    for skip_invalid in [false, true] {
        let rehearsal = ImportUsers { dry_run: true, skip_invalid, ..import(&users) };
        let report = run(&actors, rehearsal).await;

        assert_eq!(problems(&report), CLASHES);
        assert_eq!((report.imported, report.applied), (1, false));
        assert_eq!(everybody(&actors).await, before);
    }
    // Not even their numbers are used up.
    assert_eq!(register(&actors, "next", Role::User).await.id, UserId(3));
}

#[actix_web::test]
async fn an_import_shares_its_batch_with_others_and_undoes_only_itself() {
    let actors = TestActors::start().await;
    let users = clashing(&actors).await;
    let insert = InsertUser {
        email: Email::parse("carol@example.com").unwrap(),
        username: Username::parse("carol").unwrap(),
        password_hash: PasswordHash::new("$2b$04$".to_owned()),
        role: Role::User,
    };
    let db = actors.sekisho.db();

    let (report, carol): (_, Result<Result<User, NameConflict>, _>) =
        futures_util::future::join(db.send(import(&users)), db.send(insert)).await;

    assert!(!report.unwrap().applied);
    let carol = carol.unwrap().unwrap();
    assert!(everybody(&actors).await.contains(&carol));
}

#[test]
fn a_hash_is_one_that_can_be_verified_in_reasonable_time() {
    let good = bcrypt::hash(PASSWORD, 4).unwrap();
    let with_cost = |cost: &str| good.replacen("$04$", &format!("${cost}$"), 1);
    for (hash, expected) in [
        (good.clone(), Ok(4)),
        (good.replacen("2b", "2a", 1), Ok(4)),
        (good.replacen("2b", "2y", 1), Ok(4)),
        (good.replacen("2b", "2x", 1), Ok(4)),
        (with_cost("14"), Ok(14)),
        (with_cost("15"), Err(UnusableHash::TooCostly { cost: 15, own_cost: 12 })),
        (with_cost("31"), Err(UnusableHash::TooCostly { cost: 31, own_cost: 12 })),
        (with_cost("4294967295"), Err(UnusableHash::Malformed)),
        (with_cost("03"), Err(UnusableHash::Malformed)),
        (with_cost("99999999999"), Err(UnusableHash::Malformed)),
        (with_cost("-4"), Err(UnusableHash::Malformed)),
        (with_cost("+4"), Err(UnusableHash::Malformed)),
        (with_cost(""), Err(UnusableHash::Malformed)),
        (String::new(), Err(UnusableHash::Malformed)),
        ("secret".to_owned(), Err(UnusableHash::Malformed)),
        ("5ebe2294ecd0e0f08eab7690d2a6ee69".to_owned(), Err(UnusableHash::Malformed)),
        ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA".to_owned(), Err(UnusableHash::Malformed)),
        ("$1$salt$hash".to_owned(), Err(UnusableHash::Malformed)),
        (good[..good.len() - 1].to_owned(), Err(UnusableHash::Malformed)),
        (format!("{good}x"), Err(UnusableHash::Malformed)),
        (format!("{good}\n"), Err(UnusableHash::Malformed)),
        (format!(" {good}"), Err(UnusableHash::Malformed)),
        (good.replacen("2b", "2c", 1), Err(UnusableHash::Malformed)),
        ("$2b$04$é".repeat(8), Err(UnusableHash::Malformed)),
    ] {
        assert_eq!(check_hash(&PasswordHash::new(hash.clone()), 12), expected, "{hash}");
    }
}

#[actix_web::test]
async fn whoever_was_banned_stays_banned() {
    let actors = TestActors::start().await;
    let banned = ImportedUser { disabled: true, ..imported(1, "mallory", "mallory@example.com") };

    assert!(run(&actors, import(&[banned, imported(2, "alice", "alice@example.com")])).await.applied);

    assert_eq!(try_log_in(&actors, "mallory", PASSWORD).await.err(), Some(LoginError::Disabled));
    log_in(&actors, "alice").await;
    let disabled: Vec<_> = everybody(&actors).await.iter().map(|user| user.disabled).collect();
    assert_eq!(disabled, [true, false]);
}

#[actix_web::test]
async fn everything_that_is_wrong_with_a_user_is_told() {
    let actors = TestActors::start().await;
    register(&actors, "zoe", Role::User).await;
    let flaws = vec![ImportFlaw::Hash("the hash is not a bcrypt hash".to_owned())];
    let users = [
        ImportedUser { flaws: flaws.clone(), ..imported(1, "Zoe", "ZOE@example.com") },
        ImportedUser { flaws, ..imported(2, "bob", "bob@example.com") },
        imported(3, "Bob", "BOB@example.com"),
    ];
    // The first was imported before, whatever has become of the row since.
    let expected = [
        "user 2 (bob): the hash is not a bcrypt hash",
        "user 3 (Bob): another user before has the same username; another user before has the same email address",
    ];

    let report = run(&actors, import(&users)).await;

    assert_eq!(problems(&report), expected);
    assert_eq!((report.imported, report.present, report.applied), (0, 1, false));
    let elsewhere = run(&actors, import(&[imported(1, "amy", "Zoe@example.com")])).await;
    assert_eq!(
        problems(&elsewhere),
        ["user 1 (amy): another user has this id here; the email address is taken here"]
    );
}

#[actix_web::test]
async fn no_name_leads_to_two_users() {
    let actors = TestActors::start().await;
    register(&actors, "zoe", Role::User).await;
    let users = [
        // A username that is the user's own address shadows no other user.
        imported(5, "amy@example.com", "Amy@example.com"),
        imported(6, "bob", "bob@example.com"),
        imported(7, "BOB@example.com", "mallory@example.com"),
        imported(8, "eve", "Bob"),
        imported(9, "Zoe@example.com", "mallory2@example.com"),
        imported(10, "frank", "ZOE"),
    ];

    let report = run(&actors, ImportUsers { skip_invalid: true, ..import(&users) }).await;

    assert_eq!(
        problems(&report),
        [
            "user 7 (BOB@example.com): the username is another name of a user before",
            "user 8 (eve): the email address is another name of a user before",
            "user 9 (Zoe@example.com): the username is taken here",
            "user 10 (frank): the email address is taken here",
        ]
    );
    // Neither do users who are added, or change their address, later.
    let squatted = imported(11, "victim@example.com", "squatter at home");
    assert!(run(&actors, import(&[squatted])).await.applied);
    let named = |username: &str, address: &str| FindNameConflict {
        email: Email::from_trusted(address.to_owned()),
        username: Username::from_trusted(username.to_owned()),
    };
    for (username, address, taken) in [
        ("victim", "Victim@example.com", Some(NameConflict::Email)),
        ("Squatter at HOME", "other@example.com", Some(NameConflict::Username)),
        ("victim", "other@example.com", None),
    ] {
        assert_eq!(actors.ask_db(named(username, address)).await, Ok(taken), "{username} {address}");
    }
    let change = UserChange {
        email: Some(Email::from_trusted("VICTIM@example.com".to_owned())),
        ..UserChange::default()
    };
    let update = UpdateUser { id: UserId(1), change };
    assert_eq!(actors.ask_db(update).await, Ok(Err(UpdateRefused::EmailTaken)));
}

#[actix_web::test]
async fn a_deleted_users_number_never_comes_again() {
    let actors = TestActors::start().await;
    // Skipped numbers belonged to no user, unless a user was deleted.
    assert!(run(&actors, import(&[imported(9, "first", "first@example.com")])).await.applied);
    assert!(run(&actors, import(&[imported(4, "later", "later@example.com")])).await.applied);
    let delete = DeleteUser { id: UserId(9), expected: None };
    actors.ask_db(delete).await.unwrap().unwrap();

    let users = [
        imported(8, "eight", "eight@example.com"),
        imported(9, "nine", "nine@example.com"),
        imported(10, "ten", "ten@example.com"),
    ];
    let report = run(&actors, ImportUsers { skip_invalid: true, ..import(&users) }).await;

    assert_eq!(
        problems(&report),
        [
            "user 8 (eight): the id may be that of a user who was deleted here",
            "user 9 (nine): the id may be that of a user who was deleted here",
        ]
    );
    assert_eq!((report.imported, report.applied), (1, true));
    assert_eq!(register(&actors, "next", Role::User).await.id, UserId(11));
}

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

#[test]
fn what_is_no_tutorials_database_is_one_line() {
    let directory = TempDir::new().unwrap();
    let text = directory.path().join("text.db");
    std::fs::write(&text, "this is no database, and long enough to be looked at as one".repeat(20)).unwrap();
    let other = directory.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE thing (id INTEGER)").unwrap();

    for path in [text, other, directory.path().join("missing.db"), directory.path().to_owned()] {
        let error = read_tutorial_database(&path).unwrap_err();
        assert!(error.starts_with("cannot read ") && !error.contains('\n'), "{error}");
    }
}
