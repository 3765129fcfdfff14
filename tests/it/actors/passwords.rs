//! Passwords: what a change ends, what a simultaneous login opens, and outdated hashes.

use std::{cell::RefCell, time::Duration};

use futures_util::future::join_all;
use sekisho::{
    actors::{
        account::{AuthenticateError, ChangePassword, LoginError, OwnAccountError},
        db::{
            ChangeRefused, Credentials, DeleteUser, FindCredentials, LoginIdentifier, OpenSession, RenewHash,
            SetPassword, UpdateUser,
        },
        password::FlowKey,
    },
    domain::{
        AccessToken, EndReason, InvalidPassword, PasswordHash, PasswordVersion, RequestOrigin, Role, Scope,
        SecretHash, TokenPair, UserChange, UserId,
    },
};

use super::{
    probes::Run,
    steps::{
        authenticate, begin, ends_of, log_in, log_in_as, new_password, newcomer, password, refresh, register,
        sessions_of, try_log_in, until,
    },
};
use crate::support::{PASSWORD, START, SendToDb, TestActors, eventually};

const NEW: &str = "another staple battery";

/// The variants of bcrypt hashes that other programs write.
const ELSEWHERE: [&str; 4] = ["2a", "2b", "2x", "2y"];

async fn credentials(actors: &TestActors, id: UserId) -> Credentials {
    actors.ask_db(FindCredentials { identifier: LoginIdentifier::Id(id) }).await.unwrap().unwrap()
}

async fn change(
    actors: &TestActors,
    token: &AccessToken,
    current: &str,
    new: &str,
) -> Result<TokenPair, OwnAccountError> {
    let change = ChangePassword {
        token: token.clone(),
        current: password(current),
        new: new_password(new),
        origin: RequestOrigin::default(),
    };
    actors.accounts.ask(change).await
}

async fn set_hash(actors: &TestActors, id: UserId, hash: &str) {
    let set =
        SetPassword { id, expected: None, password_hash: PasswordHash::new(hash.to_owned()), keep: None };
    assert!(actors.ask_db(set).await.unwrap());
}

fn open_session(user_id: UserId, expected: PasswordVersion) -> OpenSession {
    OpenSession {
        user_id,
        expected,
        refresh_hash: SecretHash([7; 32]),
        refresh_version: 0,
        scope: Scope::of(Role::User),
        expires_at: START + Duration::from_mins(1),
    }
}

#[actix_web::test]
async fn a_changed_password_ends_every_session_opens_one_and_leaves_nobody_elses() {
    let actors = TestActors::start().await;
    let (alice, first) = newcomer(&actors, "alice", Role::User).await;
    let own = log_in(&actors, "alice").await;
    let third = log_in(&actors, "alice").await;
    let (bob, bobs) = newcomer(&actors, "bob", Role::User).await;

    actors.clock.advance(Duration::from_mins(20));
    let own = refresh(&actors, &own.refresh_token).await.unwrap();
    let new = change(&actors, &own.access_token, PASSWORD, NEW).await.unwrap();

    let ended = Some(EndReason::PasswordChanged);
    assert_eq!(ends_of(&actors, alice.id).await, [ended, ended, ended, None]);
    assert_eq!(ends_of(&actors, bob.id).await, [None]);
    for tokens in [&first, &own, &third] {
        let refused = authenticate(&actors, &tokens.access_token).await;
        assert_eq!(refused.err(), Some(AuthenticateError::Ended));
        assert!(refresh(&actors, &tokens.refresh_token).await.is_err());
    }
    for tokens in [&new, &bobs] {
        let tokens = refresh(&actors, &tokens.refresh_token).await.unwrap();
        assert!(authenticate(&actors, &tokens.access_token).await.is_ok());
    }
    let caller = authenticate(&actors, &new.access_token).await.unwrap();
    assert_eq!((caller.user.id, caller.scope), (alice.id, own.scope));
    assert_eq!(caller.authenticated_at, actors.clock.now());
    assert_eq!(try_log_in(&actors, "alice", PASSWORD).await.err(), Some(LoginError::Incorrect));
    assert!(try_log_in(&actors, "alice", NEW).await.is_ok());
}

#[actix_web::test]
async fn a_refused_change_leaves_the_password_and_every_session() {
    let actors = TestActors::start().await;
    let (alice, tokens) = newcomer(&actors, "alice", Role::User).await;
    log_in(&actors, "alice").await;
    let short = OwnAccountError::InvalidPassword(InvalidPassword::TooShort(8));
    let name = OwnAccountError::InvalidPassword(InvalidPassword::SameAsName);

    for (current, new, error) in [
        ("wrong password", NEW, OwnAccountError::WrongPassword),
        (PASSWORD, "short", short),
        (PASSWORD, "ALICE@example.com", name),
    ] {
        let refused = change(&actors, &tokens.access_token, current, new).await;
        assert_eq!(refused.err(), Some(error));
    }
    assert_eq!(ends_of(&actors, alice.id).await, [None, None]);
    assert!(try_log_in(&actors, "alice", PASSWORD).await.is_ok());
}

#[actix_web::test]
async fn of_two_changes_at_once_one_succeeds() {
    let actors = TestActors::start().await;
    let (_, tokens) = newcomer(&actors, "alice", Role::User).await;
    let candidates = ["the first candidate", "the second candidate"];

    let answers = join_all(candidates.map(|new| change(&actors, &tokens.access_token, PASSWORD, new))).await;

    let won: Vec<_> =
        candidates.iter().zip(&answers).filter(|(_, answer)| answer.is_ok()).map(|(new, _)| *new).collect();
    let [winner] = won[..] else { panic!("{answers:?}") };
    for new in candidates {
        assert_eq!(try_log_in(&actors, "alice", new).await.is_ok(), new == winner, "{new}");
    }
}

#[actix_web::test]
async fn a_session_is_opened_only_for_the_password_that_is_still_set() {
    let actors = TestActors::start().await;
    let alice = register(&actors, "alice", Role::User).await;
    let stale = credentials(&actors, alice.id).await.password_version;
    set_hash(&actors, alice.id, "$2b$04$another").await;
    let current = credentials(&actors, alice.id).await.password_version;
    let db = actors.sekisho.db();

    assert_eq!(db.send(open_session(alice.id, stale)).await.unwrap(), None);
    assert!(db.send(open_session(alice.id, current)).await.unwrap().is_some());
    assert_eq!(db.send(open_session(UserId(99), current)).await.unwrap(), None);
    assert_eq!(sessions_of(&actors, alice.id).await.len(), 1);
}

#[actix_web::test]
async fn a_password_is_set_only_over_the_one_that_was_confirmed() {
    let actors = TestActors::start().await;
    let (alice, _) = newcomer(&actors, "alice", Role::User).await;
    let confirmed = credentials(&actors, alice.id).await;
    set_hash(&actors, alice.id, confirmed.password_hash.expose()).await;
    log_in(&actors, "alice").await;
    let set = SetPassword {
        id: alice.id,
        expected: Some(confirmed.password_version),
        password_hash: PasswordHash::new("$2b$04$never".to_owned()),
        keep: None,
    };

    assert_eq!(actors.ask_db(set).await, Ok(false));
    assert_eq!(ends_of(&actors, alice.id).await, [Some(EndReason::PasswordChanged), None]);
    assert!(try_log_in(&actors, "alice", PASSWORD).await.is_ok());
}

/// A login that has found the user and waits for its hash, while the account is changed.
async fn race_a_login_with(actors: &TestActors, id: UserId, change: impl AsyncFnOnce()) {
    let passwords = actors.sekisho.passwords();
    let nobody = || FlowKey::registration(&RequestOrigin::default());
    let slots = join_all((0..passwords.slots()).map(|_| passwords.slot(nobody()))).await;
    let accounts = actors.accounts.clone();
    let login =
        begin(async move { accounts.ask(log_in_as("alice", PASSWORD, RequestOrigin::default())).await })
            .await;
    until("the login waits", || passwords.waiting() == 1).await;

    change().await;
    drop(slots);

    assert_eq!(login.await.unwrap().err(), Some(LoginError::Incorrect));
    assert!(sessions_of(actors, id).await.is_empty());
}

#[actix_web::test]
async fn a_login_that_races_with_a_password_change_opens_no_session() {
    let actors =
        TestActors::start_with(|config| config.account.max_login_wait = Duration::from_mins(1)).await;
    let alice = register(&actors, "alice", Role::User).await;

    race_a_login_with(&actors, alice.id, async || set_hash(&actors, alice.id, "$2b$04$new").await).await;
}

#[actix_web::test]
async fn a_login_that_races_with_the_end_of_the_account_opens_no_session() {
    let actors =
        TestActors::start_with(|config| config.account.max_login_wait = Duration::from_mins(1)).await;
    let alice = register(&actors, "alice", Role::User).await;
    let disable =
        UpdateUser { id: alice.id, change: UserChange { disabled: Some(true), ..UserChange::default() } };

    race_a_login_with(&actors, alice.id, async || {
        actors.ask_db(disable).await.unwrap().unwrap();
    })
    .await;
}

/// Replaces a user's hash, as an import or an older server would have left it.
async fn overwrite_hash(actors: &TestActors, id: UserId, hash: &str) {
    let sql = format!("UPDATE users SET password_hash = '{hash}' WHERE id = {id}");
    actors.ask_db(Run(sql)).await.unwrap();
}

/// Waits until a user's hash has been replaced.
async fn renewed(actors: &TestActors, id: UserId, outdated: &str) -> PasswordHash {
    let found = RefCell::new(None);
    eventually("the hash is renewed", async || {
        let now = credentials(actors, id).await.password_hash;
        let is_renewed = now.expose() != outdated;
        found.replace(is_renewed.then_some(now));
        is_renewed
    })
    .await;
    found.take().unwrap()
}

#[actix_web::test]
async fn a_hash_of_a_lower_cost_or_another_form_is_replaced_after_a_login_and_ends_nothing() {
    let actors = TestActors::start_with(|config| config.password.bcrypt_cost = 5).await;
    let (alice, before) = newcomer(&actors, "alice", Role::User).await;
    let own = credentials(&actors, alice.id).await.password_hash;
    let foreign = ELSEWHERE.map(|variant| own.expose().replacen("2b", variant, 1));
    let cheap = bcrypt::hash(PASSWORD, 4).unwrap();

    for hash in foreign.into_iter().chain([cheap]).filter(|hash| !hash.starts_with("$2b$05$")) {
        overwrite_hash(&actors, alice.id, &hash).await;

        assert!(try_log_in(&actors, "alice", NEW).await.is_err());
        assert_eq!(credentials(&actors, alice.id).await.password_hash.expose(), hash);
        log_in(&actors, "alice").await;

        let now = renewed(&actors, alice.id, &hash).await;
        assert!(now.expose().starts_with("$2b$05$"), "{hash}");
        log_in(&actors, "alice").await;
        assert_eq!(credentials(&actors, alice.id).await.password_hash, now);
    }
    assert!(authenticate(&actors, &before.access_token).await.is_ok());
    assert!(ends_of(&actors, alice.id).await.iter().all(Option::is_none));
}

#[actix_web::test]
async fn a_login_never_makes_a_hash_cheaper() {
    let actors = TestActors::start().await;
    let alice = register(&actors, "alice", Role::User).await;
    let dear = bcrypt::hash(PASSWORD, 6).unwrap();
    let foreign = dear.replacen("2b", "2a", 1);

    overwrite_hash(&actors, alice.id, &dear).await;
    log_in(&actors, "alice").await;
    assert_eq!(credentials(&actors, alice.id).await.password_hash.expose(), dear);

    overwrite_hash(&actors, alice.id, &foreign).await;
    log_in(&actors, "alice").await;
    assert!(renewed(&actors, alice.id, &foreign).await.expose().starts_with("$2b$06$"));
}

#[actix_web::test]
async fn of_many_logins_with_an_outdated_hash_all_succeed_and_one_renews_it() {
    let actors = TestActors::start_with(|config| config.password.bcrypt_cost = 5).await;
    let alice = register(&actors, "alice", Role::User).await;
    let cheap = bcrypt::hash(PASSWORD, 4).unwrap();
    overwrite_hash(&actors, alice.id, &cheap).await;
    let log = "CREATE TABLE renewals (hash TEXT);
               CREATE TRIGGER renewed AFTER UPDATE OF password_hash ON users
               BEGIN INSERT INTO renewals VALUES (new.password_hash); END";
    actors.ask_db(Run(log.to_owned())).await.unwrap();

    let answers = join_all((0..16).map(|_| try_log_in(&actors, "alice", PASSWORD))).await;

    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(sessions_of(&actors, alice.id).await.len(), 16);
    let now = renewed(&actors, alice.id, &cheap).await;
    log_in(&actors, "alice").await;
    assert_eq!(credentials(&actors, alice.id).await.password_hash, now);
    let db = rusqlite::Connection::open(actors.directory.path().join("test.db")).unwrap();
    let renewals: i64 = db.query_one("SELECT count(*) FROM renewals", [], |row| row.get(0)).unwrap();
    assert_eq!(renewals, 1);
}

#[actix_web::test]
async fn a_renewal_that_comes_too_late_leaves_the_password_that_was_set() {
    let actors = TestActors::start().await;
    let alice = register(&actors, "alice", Role::User).await;
    let before = credentials(&actors, alice.id).await;
    let renewed = bcrypt::hash("the old password", 5).unwrap();
    let renew = || RenewHash {
        id: alice.id,
        outdated: before.password_hash.clone(),
        renewed: PasswordHash::new(renewed.clone()),
    };
    set_hash(&actors, alice.id, &bcrypt::hash(NEW, 4).unwrap()).await;

    assert_eq!(actors.ask_db(renew()).await, Ok(false));
    assert!(try_log_in(&actors, "alice", NEW).await.is_ok());
    assert_eq!(actors.ask_db(RenewHash { id: UserId(99), ..renew() }).await, Ok(false));
}

#[actix_web::test]
async fn what_was_confirmed_before_a_renewal_may_still_be_done_after_it() {
    let actors = TestActors::start().await;
    let (alice, _) = newcomer(&actors, "alice", Role::User).await;
    let confirmed = credentials(&actors, alice.id).await.password_version;
    overwrite_hash(&actors, alice.id, &bcrypt::hash(PASSWORD, 5).unwrap()).await;
    let db = actors.sekisho.db();
    let hash = PasswordHash::new(bcrypt::hash(NEW, 4).unwrap());
    let set = SetPassword { id: alice.id, expected: Some(confirmed), password_hash: hash, keep: None };

    assert!(db.send(open_session(alice.id, confirmed)).await.unwrap().is_some());
    assert_eq!(db.send(set).await, Ok(true));

    let delete = |expected| DeleteUser { id: alice.id, expected: Some(expected) };
    assert_eq!(db.send(delete(confirmed)).await, Ok(Err(ChangeRefused::NotFound)));
    let current = credentials(&actors, alice.id).await.password_version;
    assert_eq!(db.send(delete(current)).await, Ok(Ok(())));
}
