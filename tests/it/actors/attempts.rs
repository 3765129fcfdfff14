//! Pending attempts: which waits for which, and what remains of those whose client has hung up.

use std::{net::IpAddr, time::Duration};

use actix_web::rt::{task::JoinHandle, time::timeout};
use futures_util::future::join_all;
use sekisho::{
    actors::{
        account::{CheckError, LoginError},
        password::FlowKey,
        throttle::{AttemptOutcome, BeginReply, Permit, ThrottleStatus},
    },
    config::cores,
    domain::{LoginName, Role, TokenPair},
};

use super::{
    probes::{Held, HoldHasher},
    steps::{begin, from_address, log_in_as, register, until},
    throttle::{ATTACKER, HOME, attempt, is_incorrect, is_throttled, start, status},
};
use crate::support::{PASSWORD, TestActors};

/// An attempt that has begun and does not end by itself.
async fn pending_attempt(actors: &TestActors, name: &str, ip: &str) -> Permit {
    let throttle = actors.sekisho.throttle();
    let ip: IpAddr = ip.parse().unwrap();
    match throttle.begin(throttle.login(&LoginName::parse(name).unwrap(), Some(ip))).await {
        Ok(BeginReply::Permit(permit)) => permit,
        Ok(BeginReply::Wait(_)) => panic!("others are pending"),
        Err(error) => panic!("{error}"),
    }
}

/// Logins that arrive one after the other, each going as far as it can.
async fn logins(
    actors: &TestActors,
    count: usize,
    text: &'static str,
) -> Vec<JoinHandle<Result<TokenPair, LoginError>>> {
    let mut logins = Vec::new();
    for _ in 0..count {
        let accounts = actors.accounts.clone();
        let login = async move { accounts.ask(log_in_as("alice", text, from_address(ATTACKER))).await };
        logins.push(begin(login).await);
    }
    logins
}

async fn until_so_many_wait(actors: &TestActors, count: usize) {
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while status(actors).await.waiting != count {
        assert!(std::time::Instant::now() < deadline, "{:?}", status(actors).await);
        tokio::task::yield_now().await;
    }
}

fn bystander() -> FlowKey {
    FlowKey::registration(&from_address(HOME))
}

/// Keeps every hash thread busy, bypassing the queue.
async fn hold_the_hash_threads(actors: &TestActors) -> Vec<Held> {
    let mut all = Vec::new();
    for _ in 0..cores().get() {
        let (message, mut held) = HoldHasher::new();
        let handle = actors.sekisho.passwords().handle().clone();
        actix_web::rt::spawn(async move { handle.ask(message).await });
        held.entered().await;
        all.push(held);
    }
    all
}

async fn until_pending(actors: &TestActors, count: usize) {
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while status(actors).await.pending != count {
        assert!(std::time::Instant::now() < deadline, "{:?}", status(actors).await);
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn an_attempt_that_waits_for_another_gives_its_hash_slot_back() {
    let actors = start().await;
    for name in ["alice", "bob"] {
        register(&actors, name, Role::User).await;
    }
    for _ in 0..4 {
        assert!(is_incorrect(&attempt(&actors, "alice", "a guess of mine", ATTACKER).await));
    }
    let pending = pending_attempt(&actors, "alice", ATTACKER).await;

    let waiting = logins(&actors, 3 * cores().get(), PASSWORD).await;
    until_so_many_wait(&actors, waiting.len()).await;

    assert_eq!(actors.sekisho.passwords().waiting(), 0);
    assert!(attempt(&actors, "bob", PASSWORD, ATTACKER).await.is_ok());
    pending.settle(AttemptOutcome::NotLookedAt);
    for login in waiting {
        assert!(login.await.unwrap().is_ok());
    }
    // The failures of the address and its site are remembered, but not those of the name.
    assert_eq!(status(&actors).await, ThrottleStatus { entries: 2, pending: 0, waiting: 0 });
}

#[actix_web::test]
async fn a_throttled_attempt_is_refused_without_a_hash_slot() {
    let actors = start().await;
    register(&actors, "alice", Role::User).await;
    for _ in 0..5 {
        assert!(is_incorrect(&attempt(&actors, "alice", "a guess of mine", ATTACKER).await));
    }
    let slots = join_all(
        (0..actors.sekisho.passwords().slots()).map(|_| actors.sekisho.passwords().slot(bystander())),
    )
    .await;

    let throttled = timeout(Duration::from_secs(10), attempt(&actors, "alice", PASSWORD, ATTACKER)).await;

    assert!(throttled.is_ok_and(|answer| is_throttled(&answer)));
    drop(slots);
}

#[actix_web::test]
async fn whoever_hangs_up_while_waiting_is_taken_off_and_the_next_goes_on() {
    let actors = start().await;
    register(&actors, "alice", Role::User).await;
    for _ in 0..4 {
        assert!(is_incorrect(&attempt(&actors, "alice", "a guess of mine", ATTACKER).await));
    }
    let pending = pending_attempt(&actors, "alice", ATTACKER).await;
    let mut waiting = logins(&actors, 20, PASSWORD).await;
    until_so_many_wait(&actors, 20).await;

    let last = waiting.split_off(19);
    for login in &waiting {
        login.abort();
    }
    until_so_many_wait(&actors, 1).await;
    drop(pending);

    for login in last {
        assert!(login.await.unwrap().is_ok());
    }
    // The failures of the address and its site are remembered, but not those of the name.
    assert_eq!(status(&actors).await, ThrottleStatus { entries: 2, pending: 0, waiting: 0 });
}

#[actix_web::test]
async fn whoever_is_woken_and_hangs_up_wakes_the_next() {
    let actors = start().await;
    register(&actors, "alice", Role::User).await;
    for _ in 0..4 {
        assert!(is_incorrect(&attempt(&actors, "alice", "a guess of mine", ATTACKER).await));
    }
    let pending = pending_attempt(&actors, "alice", ATTACKER).await;
    let waiting = logins(&actors, 2, PASSWORD).await;
    until_so_many_wait(&actors, 2).await;
    // The first is woken, and waits for a slot, which nothing frees.
    let slots = join_all(
        (0..actors.sekisho.passwords().slots()).map(|_| actors.sekisho.passwords().slot(bystander())),
    )
    .await;
    drop(pending);
    until("the first waits for a slot", || actors.sekisho.passwords().waiting() == 1).await;

    waiting[0].abort();

    until("the second waits for a slot", || actors.sekisho.passwords().waiting() == 1).await;
    until_so_many_wait(&actors, 0).await;
    drop(slots);
    let mut waiting = waiting.into_iter();
    assert!(waiting.next().unwrap().await.unwrap_err().is_cancelled());
    assert!(waiting.next().unwrap().await.unwrap().is_ok());
}

#[actix_web::test]
async fn all_waits_of_a_login_together_have_one_budget() {
    let actors =
        TestActors::start_with(|config| config.account.max_login_wait = Duration::from_secs(1)).await;
    register(&actors, "alice", Role::User).await;
    for _ in 0..4 {
        assert!(is_incorrect(&attempt(&actors, "alice", "a guess of mine", ATTACKER).await));
    }
    let pending = pending_attempt(&actors, "alice", ATTACKER).await;
    let started = std::time::Instant::now();

    let answer = attempt(&actors, "alice", PASSWORD, ATTACKER).await;

    assert!(matches!(answer, Err(LoginError::Check(CheckError::Busy { .. }))), "{answer:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(status(&actors).await.waiting, 0);
    pending.settle(AttemptOutcome::NotLookedAt);
    assert!(attempt(&actors, "alice", PASSWORD, ATTACKER).await.is_ok());
}

#[actix_web::test]
async fn an_attempt_that_has_begun_runs_to_its_end_and_counts_whoever_hangs_up() {
    let actors = start().await;
    register(&actors, "alice", Role::User).await;
    for number in 1..=5 {
        let held = hold_the_hash_threads(&actors).await;
        let login = logins(&actors, 1, "a guess of mine").await;
        until_pending(&actors, 1).await;

        login[0].abort();
        for held in held {
            held.release();
        }

        until_pending(&actors, 0).await;
        assert_eq!(status(&actors).await.entries, 4, "{number}");
    }

    assert!(is_throttled(&attempt(&actors, "alice", PASSWORD, ATTACKER).await));
    assert!(attempt(&actors, "alice", PASSWORD, HOME).await.is_ok());
}

#[actix_web::test]
async fn an_answer_that_nobody_takes_leaves_nothing_pending() {
    let actors = start().await;
    for number in 0..100 {
        let throttle = actors.sekisho.throttle().clone();
        let attempt = throttle.login(&LoginName::parse("alice").unwrap(), None);
        let begun = begin(async move { throttle.begin(attempt).await.map(drop) });
        // Abandoned at every possible point, and not at all.
        for _ in 0..number % 5 {
            tokio::task::yield_now().await;
        }
        drop(begun);
    }

    until_pending(&actors, 0).await;
    assert_eq!(status(&actors).await, ThrottleStatus { entries: 0, pending: 0, waiting: 0 });
}
