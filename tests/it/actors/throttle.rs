//! The throttle: what an attacker gets, and which users it never delays.

use std::time::Duration;

use futures_util::future::join_all;
use sekisho::{
    actors::{
        account::{ChangePassword, CheckError, LoginError},
        throttle::ThrottleStatus,
    },
    domain::{Role, TokenPair},
};

use super::steps::{from_address, log_in_as, new_password, newcomer, password, register, sessions_of};
use crate::support::{PASSWORD, TestActors};

pub const ATTACKER: &str = "198.51.100.7";
pub const HOME: &str = "203.0.113.9";

pub async fn start() -> TestActors {
    // Slow hashes must not make it refuse logins as busy.
    TestActors::start_with(|config| config.account.max_login_wait = Duration::from_mins(1)).await
}

pub async fn attempt(actors: &TestActors, name: &str, text: &str, ip: &str) -> Result<TokenPair, LoginError> {
    actors.accounts.ask(log_in_as(name, text, from_address(ip))).await
}

pub async fn status(actors: &TestActors) -> ThrottleStatus {
    actors.sekisho.throttle().status().await.unwrap()
}

pub fn is_throttled<T>(answer: &Result<T, LoginError>) -> bool {
    matches!(answer, Err(LoginError::Check(CheckError::Throttled { retry_after })) if !retry_after.is_zero())
}

pub fn is_incorrect<T>(answer: &Result<T, LoginError>) -> bool {
    matches!(answer, Err(LoginError::Incorrect))
}

async fn guess_until_throttled(actors: &TestActors, name: &str) {
    for _ in 0..5 {
        assert!(is_incorrect(&attempt(actors, name, "a guess of mine", ATTACKER).await));
    }
    assert!(is_throttled(&attempt(actors, name, "a guess of mine", ATTACKER).await));
}

/// Fails with a name from as many networks as its limit over all networks takes.
async fn guess_from_everywhere(actors: &TestActors, name: &str) {
    for number in 0..50 {
        let answer = attempt(actors, name, "a guess of mine", &format!("198.18.{number}.1")).await;
        assert!(is_incorrect(&answer), "{number}: {answer:?}");
    }
}

#[actix_web::test]
async fn of_many_guesses_at_once_five_are_looked_at() {
    let actors = start().await;
    register(&actors, "alice", Role::User).await;

    let guesses = (0..64).map(|number| {
        let (actors, guess) = (&actors, format!("guess number {number}"));
        async move { attempt(actors, "alice", &guess, ATTACKER).await }
    });
    let answers = join_all(guesses).await;

    assert_eq!(answers.iter().filter(|answer| is_incorrect(answer)).count(), 5);
    assert_eq!(answers.iter().filter(|answer| is_throttled(answer)).count(), 59);
}

#[actix_web::test]
async fn of_many_right_passwords_at_once_none_is_refused() {
    let actors = start().await;
    let alice = register(&actors, "alice", Role::User).await;

    let answers = join_all((0..64).map(|_| attempt(&actors, "alice", PASSWORD, ATTACKER))).await;

    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(sessions_of(&actors, alice.id).await.len(), 64);
}

#[actix_web::test]
async fn the_owner_is_not_locked_out_elsewhere() {
    let actors = start().await;
    register(&actors, "alice", Role::User).await;

    guess_until_throttled(&actors, "alice").await;

    assert!(attempt(&actors, "alice", PASSWORD, "203.0.113.9").await.is_ok());
    assert!(attempt(&actors, "alice", PASSWORD, "2001:db8::1").await.is_ok());
    // The attacker's neighbours are throttled alike.
    for (name, ip) in [("alice", "198.51.100.200"), ("ALICE", ATTACKER), ("alice", "::ffff:198.51.100.7")] {
        assert!(is_throttled(&attempt(&actors, name, PASSWORD, ip).await), "{name} {ip}");
    }
}

#[actix_web::test]
async fn each_delay_is_over_when_it_says_so_and_the_right_password_clears_the_slate() {
    let actors = start().await;
    register(&actors, "alice", Role::User).await;
    guess_until_throttled(&actors, "alice").await;

    for expected in [1, 2, 4, 8] {
        let Err(LoginError::Check(CheckError::Throttled { retry_after })) =
            attempt(&actors, "alice", PASSWORD, ATTACKER).await
        else {
            panic!("not throttled")
        };
        assert_eq!(retry_after, Duration::from_secs(expected));
        actors.clock.advance(retry_after);
        assert!(is_incorrect(&attempt(&actors, "alice", "a guess of mine", ATTACKER).await));
    }
    actors.clock.advance(Duration::from_secs(16));
    assert!(attempt(&actors, "alice", PASSWORD, ATTACKER).await.is_ok());

    guess_until_throttled(&actors, "alice").await;
}

#[actix_web::test]
async fn a_name_that_does_not_exist_is_held_up_like_one_that_does() {
    let actors = start().await;
    register(&actors, "alice", Role::User).await;

    guess_until_throttled(&actors, "nobody").await;

    assert!(is_throttled(&attempt(&actors, "NOBODY", "a guess of mine", ATTACKER).await));
    assert!(is_incorrect(&attempt(&actors, "alice", "a guess of mine", ATTACKER).await));
}

#[actix_web::test]
async fn spraying_one_password_over_many_accounts_is_slowed_and_only_there() {
    let actors = start().await;
    register(&actors, "alice", Role::User).await;
    let sprayed = (0..120).map(|number| {
        let (actors, name) = (&actors, format!("person{number}"));
        async move { attempt(actors, &name, "the same guess", ATTACKER).await }
    });

    let answers = join_all(sprayed).await;

    assert_eq!(answers.iter().filter(|answer| is_incorrect(answer)).count(), 100);
    assert_eq!(answers.iter().filter(|answer| is_throttled(answer)).count(), 20);
    assert!(is_throttled(&attempt(&actors, "alice", PASSWORD, ATTACKER).await));
    assert!(attempt(&actors, "alice", PASSWORD, "198.51.100.8").await.is_ok());
}

#[actix_web::test]
async fn a_name_under_attack_does_not_keep_its_owner_from_changing_the_password() {
    let actors = start().await;
    let (_, tokens) = newcomer(&actors, "alice", Role::User).await;
    guess_from_everywhere(&actors, "alice").await;

    let change = ChangePassword {
        token: tokens.access_token.clone(),
        current: password(PASSWORD),
        new: new_password("another staple battery"),
        origin: from_address("198.19.0.1"),
    };

    assert!(actors.accounts.ask(change).await.is_ok());
}
