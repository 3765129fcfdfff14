//! Which names a user may have, and what a refused change leaves behind.

use futures_util::future::join_all;
use sekisho::{
    actors::{
        account::{ChangeEmail, DeleteAccount, OwnAccountError, Register, RegisterError},
        db::{
            ChangeRefused, DeleteUser, FindCredentials, FindNameConflict, FindUser, InsertUser, ListUsers,
            LoginIdentifier, NameConflict, SetEmail, SetPassword, UpdateUser,
        },
    },
    domain::{
        Email, InvalidPassword, PasswordHash, RequestOrigin, Role, TokenPair, User, UserChange, UserId,
        Username,
    },
};

use super::{
    probes::Run,
    steps::{authenticate, log_in, new_password, newcomer, password, register, registration, sessions_of},
};
use crate::support::{PASSWORD, SendToDb, TestActors};

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

async fn insert(actors: &TestActors, username: &str, address: &str) -> Result<User, NameConflict> {
    let insert = InsertUser {
        email: email(address),
        username: Username::parse(username).unwrap(),
        password_hash: PasswordHash::new("$2b$04$".to_owned()),
        role: Role::User,
    };
    actors.ask_db(insert).await.unwrap()
}

async fn delete(actors: &TestActors, id: UserId) -> Result<(), ChangeRefused> {
    let delete = DeleteUser { id, expected: None };
    actors.ask_db(delete).await.unwrap()
}

async fn update(actors: &TestActors, id: UserId, change: UserChange) -> Result<User, ChangeRefused> {
    actors.ask_db(UpdateUser { id, change }).await.unwrap()
}

async fn everybody(actors: &TestActors) -> Vec<User> {
    let list = ListUsers { prefix: String::new(), after: None, limit: 200 };
    actors.ask_db(list).await.unwrap().items
}

#[actix_web::test]
async fn both_names_are_unique_without_regard_to_case() {
    let actors = TestActors::start().await;
    let alice = insert(&actors, "Alice", "Alice@Example.com").await.unwrap();

    for (username, address, taken) in [
        ("Alice", "other@example.com", NameConflict::Username),
        ("alice", "other@example.com", NameConflict::Username),
        ("ALICE", "other@example.com", NameConflict::Username),
        ("other", "Alice@Example.com", NameConflict::Email),
        ("other", "alice@example.com", NameConflict::Email),
        ("other", "ALICE@EXAMPLE.COM", NameConflict::Email),
        ("aLiCe", "aLiCe@eXaMpLe.CoM", NameConflict::Email),
    ] {
        let find = FindNameConflict { email: email(address), username: Username::parse(username).unwrap() };
        assert_eq!(actors.ask_db(find).await, Ok(Some(taken)), "{username} {address}");
        assert_eq!(insert(&actors, username, address).await, Err(taken), "{username} {address}");
    }
    assert_eq!(everybody(&actors).await, [alice]);
}

#[actix_web::test]
async fn of_many_who_register_one_name_at_once_one_gets_it() {
    let actors = TestActors::start().await;
    let registrations = (0..32).map(|number| {
        let username = if number % 2 == 0 { "alice" } else { "ALICE" };
        let email = email(&format!("alice{number}@example.com"));
        actors.accounts.ask(Register { email, ..registration(username) })
    });

    let answers = join_all(registrations).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let refused = |answer: &&Result<User, RegisterError>| {
        matches!(answer, Err(RegisterError::NameConflict(NameConflict::Username)))
    };
    assert_eq!(answers.iter().filter(refused).count(), 31);
    assert_eq!(everybody(&actors).await.len(), 1);
}

#[actix_web::test]
async fn a_message_sets_no_password_that_the_policy_refuses() {
    let actors = TestActors::start().await;
    // A different policy, which an embedding application may have created, accepted it.
    let with_password =
        |text: &str| Register { password: new_password(text), ..registration("alice-liddell") };

    for (text, error) in [
        ("x", InvalidPassword::TooShort(8)),
        ("Alice-Liddell", InvalidPassword::SameAsName),
        ("alice-liddell@EXAMPLE.com", InvalidPassword::SameAsName),
    ] {
        let refused = actors.accounts.ask(with_password(text)).await;
        assert_eq!(refused, Err(RegisterError::InvalidPassword(error)), "{text}");
    }
    assert!(everybody(&actors).await.is_empty());
}

#[actix_web::test]
async fn the_number_of_the_last_user_is_not_given_again_either() {
    let actors = TestActors::start().await;
    let alice = insert(&actors, "alice", "alice@example.com").await.unwrap();
    delete(&actors, alice.id).await.unwrap();

    let bob = insert(&actors, "bob", "bob@example.com").await.unwrap();

    assert!(bob.id > alice.id);
}

#[actix_web::test]
async fn a_deleted_user_takes_their_sessions_along() {
    let actors = TestActors::start().await;
    let (alice, tokens) = newcomer(&actors, "alice", Role::User).await;
    let (bob, _) = newcomer(&actors, "bob", Role::User).await;
    let leave = DeleteAccount {
        token: tokens.access_token,
        password: password(PASSWORD),
        origin: RequestOrigin::default(),
    };

    actors.accounts.ask(leave).await.unwrap();

    assert_eq!(actors.ask_db(FindUser { id: alice.id }).await.unwrap(), None);
    assert!(sessions_of(&actors, alice.id).await.is_empty());
    assert_eq!(sessions_of(&actors, bob.id).await.len(), 1);
}

#[actix_web::test]
async fn a_change_happens_wholly_or_not_at_all() {
    let actors = TestActors::start().await;
    insert(&actors, "alice", "alice@example.com").await.unwrap();
    let bob = insert(&actors, "bob", "bob@example.com").await.unwrap();
    let change =
        UserChange { email: Some(email("ALICE@example.com")), role: Some(Role::Admin), disabled: Some(true) };

    assert_eq!(update(&actors, bob.id, change).await, Err(ChangeRefused::EmailTaken));
    assert_eq!(actors.ask_db(FindUser { id: bob.id }).await.unwrap(), Some(bob));
}

async fn change_email(
    actors: &TestActors,
    tokens: &TokenPair,
    address: &str,
    text: &str,
) -> Result<User, OwnAccountError> {
    let change = ChangeEmail {
        token: tokens.access_token.clone(),
        email: email(address),
        password: password(text),
        origin: RequestOrigin::default(),
    };
    actors.accounts.ask(change).await
}

#[actix_web::test]
async fn an_address_is_changed_by_whoever_knows_the_password() {
    let actors = TestActors::start().await;
    let (alice, tokens) = newcomer(&actors, "alice", Role::User).await;
    register(&actors, "bob", Role::User).await;

    let guessed = change_email(&actors, &tokens, "mallory@example.com", "a guess").await;
    // Whether an address is taken is revealed only to a caller who has confirmed their password.
    let probed = change_email(&actors, &tokens, "bob@example.com", "a guess").await;
    let taken = change_email(&actors, &tokens, "bob@example.com", PASSWORD).await;

    assert_eq!(guessed, Err(OwnAccountError::WrongPassword));
    assert_eq!(probed, Err(OwnAccountError::WrongPassword));
    assert_eq!(taken, Err(ChangeRefused::EmailTaken.into()));
    let caller = authenticate(&actors, &tokens.access_token).await.unwrap();
    assert_eq!(caller.user, alice);
}

#[actix_web::test]
async fn an_address_is_not_changed_by_a_password_that_is_none_any_more() {
    let actors = TestActors::start().await;
    let alice = register(&actors, "alice", Role::User).await;
    let set = |expected| SetEmail { id: alice.id, expected, email: email("new@example.com") };
    let db = actors.sekisho.db();
    let verified =
        db.send(FindCredentials { identifier: LoginIdentifier::Id(alice.id) }).await.unwrap().unwrap();
    let password_hash = verified.password_hash.clone();
    let change = SetPassword { id: alice.id, expected: None, password_hash, keep: None };
    assert!(db.send(change).await.unwrap());

    let refused = db.send(set(verified.password_version)).await.unwrap();

    assert_eq!(refused, Err(ChangeRefused::NotFound));
    let current =
        db.send(FindCredentials { identifier: LoginIdentifier::Id(alice.id) }).await.unwrap().unwrap();
    assert_eq!(current.user, alice);
    let changed = db.send(set(current.password_version)).await.unwrap();
    assert_eq!(changed.unwrap().email, email("new@example.com"));
}

#[actix_web::test]
async fn a_username_goes_before_another_persons_address() {
    let actors = TestActors::start().await;
    // Sekisho's own usernames have no `@`, but an imported one may.
    let change = |id, text: &str| {
        let sql = format!("UPDATE users SET username = '{text}', username_key = '{text}' WHERE id = {id}");
        actors.ask_db(Run(sql))
    };
    let alice = register(&actors, "alice", Role::User).await;
    let bob = register(&actors, "bob", Role::User).await;
    change(bob.id, "alice@example.com").await.unwrap();

    let tokens = log_in(&actors, "alice@example.com").await;

    let caller = authenticate(&actors, &tokens.access_token).await.unwrap();
    assert_eq!((caller.user.id, alice.id), (bob.id, UserId(1)));
}
