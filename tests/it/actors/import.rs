//! Importing the users of a FastAPI and SQLModel tutorial's application.

use sekisho::{
    actors::{
        account::LoginError,
        db::{
            ChangeRefused, DeleteUser, FindNameConflict, ImportReport, ImportUsers, InsertUser, ListUsers,
            NameConflict, UpdateUser,
        },
    },
    domain::{Email, ImportFlaw, ImportedUser, PasswordHash, Role, User, UserChange, UserId, Username},
};

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
    assert_eq!(actors.ask_db(update).await, Ok(Err(ChangeRefused::EmailTaken)));
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
