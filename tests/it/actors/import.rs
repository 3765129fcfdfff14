//! Taking over the users of a FastAPI and SQLModel tutorial's application.

use rusqlite::Connection;
use sekisho::{
    actors::{
        account::LoginError,
        db::{
            DeleteUser, ImportReport, ImportUsers, ImportedUser, InsertUser, ListUsers, Taken,
            read_tutorial_database,
        },
        password::{UnusableHash, check_hash},
    },
    domain::{Email, PasswordHash, Role, User, UserId, Username},
};
use tempfile::TempDir;

use super::steps::{authenticate, log_in, register, try_log_in};
use crate::support::{PASSWORD, START, TestActors};

fn imported(id: i64, username: &str, email: &str) -> ImportedUser {
    ImportedUser {
        id: UserId(id),
        email: Email::from_trusted(email.to_owned()),
        username: Username::from_trusted(username.to_owned()),
        password_hash: PasswordHash::new(bcrypt::hash(PASSWORD, 4).unwrap()),
    }
}

fn import(users: &[ImportedUser]) -> ImportUsers {
    let users = users.to_vec();
    ImportUsers { users, problems: Vec::new(), skip_invalid: false, dry_run: false, now: START }
}

async fn run(actors: &TestActors, import: ImportUsers) -> ImportReport {
    actors.sekisho.db().ask(import).await.unwrap()
}

async fn everybody(actors: &TestActors) -> Vec<User> {
    let list = ListUsers { prefix: String::new(), after: None, limit: 200 };
    actors.sekisho.db().ask(list).await.unwrap().items
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
        email: users[0].email.clone(),
        username: users[0].username.clone(),
        role: Role::User,
        disabled: false,
        created_at: START,
    };
    assert_eq!(caller.user, alice);
    // Numbers that come after do not meet those that were imported.
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

/// Users of whom only `1` and `6` can be imported beside those who are here.
async fn clashing(actors: &TestActors) -> Vec<ImportedUser> {
    // These are here before: 1 and 2, of whom 2 is deleted.
    for name in ["zoe", "gone"] {
        let insert = InsertUser {
            email: Email::parse(&format!("{name}@example.com")).unwrap(),
            username: Username::parse(name).unwrap(),
            password_hash: PasswordHash::new("$2b$04$".to_owned()),
            role: Role::User,
            now: START,
        };
        actors.sekisho.db().ask(insert).await.unwrap().unwrap();
    }
    let delete = DeleteUser { id: UserId(2), expected: None, now: START };
    actors.sekisho.db().ask(delete).await.unwrap().unwrap();
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
    "user 1: another user has this id here",
    "user 3: the username is taken here",
    "user 4: the email address is taken here",
    "user 5: the username is taken here",
    "user 7: another user before has the same username",
    "user 8: another user before has the same email address",
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
    // Not even the numbers are used up.
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
        now: START,
    };
    let db = actors.sekisho.db();

    let (report, carol): (_, Result<Result<User, Taken>, _>) =
        futures_util::future::join(db.ask(import(&users)), db.ask(insert)).await;

    assert!(!report.unwrap().applied);
    let carol = carol.unwrap().unwrap();
    assert!(everybody(&actors).await.contains(&carol));
}

#[test]
fn a_hash_is_one_that_can_be_verified_in_reasonable_time() {
    let good = bcrypt::hash(PASSWORD, 4).unwrap();
    let with_cost = |cost: &str| good.replacen("$04$", &format!("${cost}$"), 1);
    for (hash, expected) in [
        (good.clone(), Ok(())),
        (good.replacen("2b", "2a", 1), Ok(())),
        (good.replacen("2b", "2y", 1), Ok(())),
        (good.replacen("2b", "2x", 1), Ok(())),
        (with_cost("16"), Ok(())),
        (with_cost("17"), Err(UnusableHash::TooCostly(17))),
        (with_cost("31"), Err(UnusableHash::TooCostly(31))),
        (with_cost("4294967295"), Err(UnusableHash::Malformed)),
        (with_cost("03"), Err(UnusableHash::TooCostly(3))),
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
        assert_eq!(check_hash(&PasswordHash::new(hash.clone())), expected, "{hash}");
    }
}

#[test]
fn rows_that_lack_something_are_problems_and_the_file_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("database.db");
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        r#"CREATE TABLE "user" (id INTEGER, email VARCHAR, username VARCHAR, hashed_password VARCHAR);
           INSERT INTO "user" VALUES
             (1, 'alice@example.com', 'alice', '$2b$12$x'), (NULL, 'n@example.com', 'n', 'h'),
             (2, NULL, 'bob', 'h'), (3, 'carol@example.com', '', 'h'), (4, 'dave@example.com', 'dave', NULL),
             (5, x'ff', 'eve', 'h'), (-6, 'f@example.com', 'frank', 'h'), (7, NULL, NULL, NULL);"#,
    )
    .unwrap();
    drop(db);
    let before = std::fs::read(&path).unwrap();

    let (users, problems) = read_tutorial_database(&path).unwrap();

    assert_eq!(users.iter().map(|user| user.id.0).collect::<Vec<_>>(), [1]);
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "a user without an id: the id is not a positive number",
            "user -6: the id is not a positive number",
            "user 2: no text in email",
            "user 3: no text in username",
            "user 4: no text in hashed_password",
            "user 5: no text in email",
            "user 7: no text in email, username, hashed_password",
        ]
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
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
