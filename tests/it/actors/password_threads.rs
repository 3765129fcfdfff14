//! The hash threads: one that panics, and logins whose client has hung up.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use actix_web::rt::time::timeout;
use futures_util::future::{join, join_all};
use sekisho::{
    actors::{
        Handle, Limits,
        account::{ChangePassword, RegisterError},
        db::NameConflict,
        password::{
            Admission, FlowKey, HashPassword, Hasher, LANES, PasswordActor, PasswordError, PasswordVerdict,
            Passwords, VerifyPassword,
        },
    },
    domain::{Random, RequestId, RequestOrigin, Role},
};

use super::{
    probes::{Held, HoldHasher, PanicHasher},
    steps::{
        begin, log_in, log_in_as, new_password, newcomer, password, register, registration, sessions_of,
        until,
    },
};
use crate::support::{PASSWORD, TestActors};

fn two_threads() -> Passwords {
    let threads = NonZeroUsize::new(2).unwrap();
    let admission =
        Admission::new(threads.saturating_mul(LANES), Duration::from_mins(1), Duration::from_millis(1));
    let hasher = Arc::new(Hasher::new(4, Random::System).unwrap());
    let actor = PasswordActor::start(threads, Arc::clone(&hasher), Arc::clone(&admission));
    let limits = Limits { in_flight: 100, deadline: None };
    Passwords::new(Handle::new(actor, limits), hasher, admission)
}

fn flow() -> FlowKey {
    FlowKey::registration(&RequestOrigin::default())
}

async fn assert_that_it_works(passwords: &Passwords) {
    let slot = passwords.slot(flow()).await.unwrap();
    let (hash, slot) = passwords.ask(slot, HashPassword { password: new_password(PASSWORD) }).await.unwrap();
    let verify = |text| VerifyPassword {
        password: password(text),
        hash: Some(hash.clone()),
        request_id: RequestId::default(),
    };
    let (right, slot) = passwords.ask(slot, verify(PASSWORD)).await.unwrap();
    assert!(matches!(right, PasswordVerdict::Right { rehash: None }), "{right:?}");
    let (wrong, _) = passwords.ask(slot, verify("another")).await.unwrap();
    assert!(matches!(wrong, PasswordVerdict::Wrong), "{wrong:?}");
}

#[actix_web::test]
async fn a_hash_that_panics_is_an_error_and_the_threads_go_on() {
    let passwords = two_threads();

    for _ in 0..10 {
        let slot = passwords.slot(flow()).await.unwrap();
        assert!(matches!(passwords.ask(slot, PanicHasher).await, Err(PasswordError::Panicked)));
    }

    let (one, mut one_held) = HoldHasher::new();
    let (two, mut two_held) = HoldHasher::new();
    let (for_one, for_two) = (passwords.clone(), passwords.clone());
    let hold = |passwords: Passwords, message| async move {
        let slot = passwords.slot(flow()).await.unwrap();
        passwords.ask(slot, message).await.map(|((), _)| ())
    };
    // One after the other, because together they would go to one thread as a group. Both are held at the same
    // time, so both threads exist.
    let one = begin(hold(for_one, one)).await;
    one_held.entered().await;
    let two = begin(hold(for_two, two)).await;
    two_held.entered().await;
    one_held.release();
    two_held.release();
    assert_eq!((one.await.unwrap(), two.await.unwrap()), (Ok(()), Ok(())));
    assert_that_it_works(&passwords).await;
}

#[actix_web::test]
async fn a_panic_on_one_thread_does_not_disturb_another() {
    let passwords = two_threads();
    let (message, mut held) = HoldHasher::new();
    let for_holder = passwords.clone();
    let holder = begin(async move {
        let slot = for_holder.slot(flow()).await.unwrap();
        for_holder.ask(slot, message).await.map(|((), _)| ())
    })
    .await;
    held.entered().await;

    let slot = passwords.slot(flow()).await.unwrap();
    assert!(matches!(passwords.ask(slot, PanicHasher).await, Err(PasswordError::Panicked)));
    assert_that_it_works(&passwords).await;

    held.release();
    assert_eq!(holder.await.unwrap(), Ok(()));
}

/// One thread, which is held, and the handle that releases it.
async fn one_held_thread() -> (Passwords, Held) {
    let threads = NonZeroUsize::MIN;
    let admission = Admission::new(NonZeroUsize::new(8).unwrap(), Duration::from_mins(1), Duration::ZERO);
    let hasher = Arc::new(Hasher::new(4, Random::System).unwrap());
    let actor = PasswordActor::start(threads, Arc::clone(&hasher), Arc::clone(&admission));
    let limits = Limits { in_flight: 100, deadline: None };
    let passwords = Passwords::new(Handle::new(actor, limits), hasher, admission);
    let (message, mut held) = HoldHasher::new();
    let handle = passwords.handle().clone();
    actix_web::rt::spawn(async move { handle.ask(message).await });
    held.entered().await;
    (passwords, held)
}

#[actix_web::test]
async fn a_panic_beside_others_is_its_own_alone() {
    let (passwords, held) = one_held_thread().await;
    let handle = passwords.handle();
    let hash = || handle.ask(HashPassword { password: new_password(PASSWORD) });

    let together = join(join(hash(), handle.ask(PanicHasher)), join(hash(), hash()));
    let (((one, panicked), (two, three)), ()) = join(together, async { held.release() }).await;

    assert_eq!(panicked, Err(PasswordError::Panicked));
    for hash in [one, two, three] {
        let verify = VerifyPassword {
            password: password(PASSWORD),
            hash: Some(hash.unwrap()),
            request_id: RequestId::default(),
        };
        assert!(matches!(handle.ask(verify).await, Ok(PasswordVerdict::Right { .. })));
    }
}

#[actix_web::test]
async fn what_is_hashed_side_by_side_is_answered_to_whoever_asked() {
    let (passwords, held) = one_held_thread().await;
    let handle = passwords.handle();
    let texts: Vec<_> = (0..9).map(|number| format!("the password of number {number}")).collect();

    let hashing =
        join_all(texts.iter().map(|text| handle.ask(HashPassword { password: new_password(text) })));
    let (hashes, ()) = join(hashing, async { held.release() }).await;

    let hashes: Vec<_> = hashes.into_iter().map(Result::unwrap).collect();
    let verifying = texts.iter().flat_map(|text| hashes.iter().map(move |hash| (text, hash)));
    let verifying = verifying.map(|(text, hash)| {
        handle.ask(VerifyPassword {
            password: password(text),
            hash: Some(hash.clone()),
            request_id: RequestId::default(),
        })
    });
    let verdicts = join_all(verifying).await;
    for (location, verdict) in verdicts.into_iter().enumerate() {
        let is_right = matches!(verdict, Ok(PasswordVerdict::Right { rehash: None }));
        assert_eq!(is_right, location / texts.len() == location % texts.len(), "{location}");
    }
}

#[actix_web::test]
async fn a_login_whose_client_has_gone_leaves_the_queue_and_is_not_hashed() {
    let actors =
        TestActors::start_with(|config| config.account.max_login_wait = Duration::from_mins(1)).await;
    let user = register(&actors, "alice", Role::User).await;
    let slots =
        join_all((0..actors.sekisho.passwords().slots()).map(|_| actors.sekisho.passwords().slot(flow())))
            .await;
    let accounts = actors.accounts.clone();
    let login =
        begin(async move { accounts.ask(log_in_as("alice", PASSWORD, RequestOrigin::default())).await })
            .await;
    until("the login waits", || actors.sekisho.passwords().waiting() == 1).await;

    login.abort();

    until("the login has left", || actors.sekisho.passwords().waiting() == 0).await;
    drop(slots);
    log_in(&actors, "alice").await;
    assert_eq!(sessions_of(&actors, user.id).await.len(), 1);
}

#[actix_web::test]
async fn a_name_that_is_taken_costs_no_hash() {
    let actors =
        TestActors::start_with(|config| config.account.max_login_wait = Duration::from_mins(1)).await;
    register(&actors, "alice", Role::User).await;
    let slots =
        join_all((0..actors.sekisho.passwords().slots()).map(|_| actors.sekisho.passwords().slot(flow())))
            .await;

    // No thread is free, so only requests that need none can be answered.
    let taken = actors.accounts.ask(registration("ALICE")).await;

    assert_eq!(taken, Err(RegisterError::NameConflict(NameConflict::Email)));
    drop(slots);
}

#[actix_web::test]
async fn a_change_of_password_queues_once() {
    let actors =
        TestActors::start_with(|config| config.account.max_login_wait = Duration::from_mins(1)).await;
    let (_, tokens) = newcomer(&actors, "alice", Role::User).await;
    let mut slots =
        join_all((0..actors.sekisho.passwords().slots()).map(|_| actors.sekisho.passwords().slot(flow())))
            .await;
    let change = ChangePassword {
        token: tokens.access_token,
        current: password(PASSWORD),
        new: new_password("another staple battery"),
        origin: RequestOrigin::default(),
    };
    let accounts = actors.accounts.clone();
    let changing = begin(async move { accounts.ask(change).await }).await;
    until("the change waits", || actors.sekisho.passwords().waiting() == 1).await;
    let next = actors.sekisho.passwords().clone();
    let next = begin(async move { next.slot(flow()).await }).await;
    until("another login waits behind it", || actors.sekisho.passwords().waiting() == 2).await;

    // The next login occupies the only free thread until the change has ended.
    drop(slots.pop());

    let changed = timeout(Duration::from_secs(30), changing).await;
    assert!(changed.is_ok_and(|changed| changed.unwrap().is_ok()));
    assert!(next.await.unwrap().is_ok());
}
