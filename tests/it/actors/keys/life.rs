//! The life of a key: announced, signing, retiring, gone.

use futures_util::future::join;
use sekisho::{
    actors::{
        account::AuthenticateError,
        db::FindKeys,
        maintenance::{KeyringError, RunMaintenance, rewrap_secrets, rotate_keys},
        token::{ANNOUNCEMENT_PERIOD, InvalidToken, KeyError, KeyState},
    },
    domain::{Algorithm, KeySet, KeyWrap, Random, Role},
};

use super::{DAY, HOUR, MINUTE, SECOND, Verifier, fetch, kid, look_around, rotate, states, verifies, worker};
use crate::{
    actors::{
        probes::Run,
        steps::{authenticate, ends_of, log_in, newcomer, refresh, register},
    },
    support::TestActors,
};

#[actix_web::test]
async fn a_key_is_announced_then_signs_then_retires_then_is_gone() {
    use KeyState::{Announced, Retiring, Signing};
    let actors = TestActors::start().await;
    let (_, first) = newcomer(&actors, "alice", Role::User).await;

    rotate(&actors, false).await;
    assert_eq!(states(&actors).await, [Signing, Announced]);
    assert_eq!(kid(&log_in(&actors, "alice").await.access_token), kid(&first.access_token));

    actors.clock.advance(ANNOUNCEMENT_PERIOD);
    look_around(&actors).await;
    let second = log_in(&actors, "alice").await;
    assert_eq!(states(&actors).await, [Retiring, Signing]);
    assert_ne!(kid(&second.access_token), kid(&first.access_token));
    assert!(authenticate(&actors, &first.access_token).await.is_ok());

    // Until the last token that it signed, including those of a late process, has expired.
    actors.clock.advance(30 * MINUTE);
    look_around(&actors).await;
    assert_eq!(states(&actors).await, [Retiring, Signing]);
    actors.clock.advance(MINUTE);
    look_around(&actors).await;
    assert_eq!(states(&actors).await, [Signing]);
    assert_eq!(actors.ask_db(FindKeys).await.unwrap().keys.len(), 1);
    let gone = AuthenticateError::InvalidToken(InvalidToken::UnknownKey);
    assert_eq!(authenticate(&actors, &first.access_token).await.err(), Some(gone));
    assert!(refresh(&actors, &first.refresh_token).await.is_ok());
}

#[actix_web::test]
async fn a_key_can_be_replaced_at_once_and_what_it_signed_is_still_good() {
    let actors = TestActors::start().await;
    let worker = worker(&actors).await;
    let (_, first) = newcomer(&actors, "alice", Role::User).await;
    actors.clock.advance(MINUTE);

    rotate(&actors, true).await;

    let second = log_in(&actors, "alice").await;
    assert_ne!(kid(&second.access_token), kid(&first.access_token));
    let shown = fetch(&worker).await;
    for tokens in [&first, &second] {
        assert!(authenticate(&actors, &tokens.access_token).await.is_ok());
        assert!(verifies(&shown, &tokens.access_token));
    }
}

#[actix_web::test]
async fn tokens_outlive_ten_rotations_and_no_verifier_meets_an_unknown_key() {
    let actors = TestActors::start_with(|config| config.token.access.lifetime = 7 * DAY).await;
    let mut verifier = Verifier::new(&actors).await;
    let (_, tokens) = newcomer(&actors, "alice", Role::User).await;
    let (mut newest, mut kept) = (tokens.clone(), vec![tokens.access_token]);

    for rotation in 0..10 {
        rotate(&actors, false).await;
        for minute in 0..13 {
            actors.clock.advance(MINUTE);
            newest = refresh(&actors, &newest.refresh_token).await.unwrap();
            let token = &newest.access_token;
            assert!(verifier.accepts(&actors, token).await, "rotation {rotation}, minute {minute}");
        }
        kept.push(newest.access_token.clone());
        look_around(&actors).await;
        for token in &kept {
            assert!(authenticate(&actors, token).await.is_ok(), "rotation {rotation}");
            assert!(verifier.accepts(&actors, token).await, "rotation {rotation}");
        }
    }

    let mut kids: Vec<_> = kept.iter().map(kid).collect();
    kids.dedup();
    assert_eq!(kids.len(), 11);
}

#[actix_web::test]
async fn an_old_key_is_replaced_by_itself_once_and_in_time() {
    use KeyState::{Announced, Retiring, Signing};
    let actors = TestActors::start().await;
    register(&actors, "alice", Role::User).await;
    let first = kid(&log_in(&actors, "alice").await.access_token);

    actors.clock.advance(89 * DAY + 23 * HOUR + 49 * MINUTE + 59 * SECOND);
    look_around(&actors).await;
    assert_eq!(states(&actors).await, [Signing]);

    actors.clock.advance(SECOND);
    for _ in 0..3 {
        look_around(&actors).await;
        assert_eq!(states(&actors).await, [Signing, Announced]);
    }

    actors.clock.advance(ANNOUNCEMENT_PERIOD);
    look_around(&actors).await;
    assert_eq!(states(&actors).await, [Retiring, Signing]);
    assert_ne!(kid(&log_in(&actors, "alice").await.access_token), first);
}

#[actix_web::test]
async fn a_server_that_slept_for_a_year_announces_its_next_key_like_any_other() {
    use KeyState::{Announced, Signing};
    let actors = TestActors::start().await;
    actors.clock.advance(365 * DAY);

    for _ in 0..3 {
        look_around(&actors).await;
        assert_eq!(states(&actors).await, [Signing, Announced]);
    }
}

#[actix_web::test]
async fn a_key_that_is_none_is_the_keyrings_failure_and_not_the_databases() {
    let actors = TestActors::start().await;
    let sql = "INSERT INTO signing_keys SELECT 'broken', algorithm, x'00', announced_at + 1, signs_from + 1
               FROM signing_keys";
    actors.ask_db(Run(sql.to_owned())).await.unwrap();

    let looked = actors.sekisho.maintenance().ask(RunMaintenance).await;

    assert!(matches!(looked, Err(KeyringError::Key(KeyError::Unreadable { kid, .. })) if kid == "broken"));
    // The existing keyring stays in use.
    register(&actors, "alice", Role::User).await;
    let tokens = log_in(&actors, "alice").await;
    assert!(authenticate(&actors, &tokens.access_token).await.is_ok());
}

#[actix_web::test]
async fn a_server_that_can_store_no_key_sweeps_all_the_same() {
    let actors = TestActors::start().await;
    let (alice, _) = newcomer(&actors, "alice", Role::User).await;
    let key = KeyWrap::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    rewrap_secrets(actors.sekisho.db(), &KeyWrap::in_the_clear(), &key, &actors.context()).await.unwrap();
    assert_eq!(ends_of(&actors, alice.id).await, [None]);
    actors.clock.advance(365 * DAY);

    let looked = actors.sekisho.maintenance().ask(RunMaintenance).await;

    assert!(matches!(looked, Err(KeyringError::StoredOtherwise(_))), "{looked:?}");
    assert_eq!(ends_of(&actors, alice.id).await, [], "it expired long ago, and is deleted");
}

#[actix_web::test]
async fn two_servers_that_find_a_key_old_at_once_make_one() {
    let actors = TestActors::start().await;
    let (db, context, clear) = (actors.sekisho.db(), actors.context(), KeyWrap::in_the_clear());
    let rotate = || rotate_keys(db, Algorithm::Es256, false, &context, (&clear, &Random::System));

    let (one, two) = join(rotate(), rotate()).await;

    let kids = |set: KeySet| -> Vec<_> { set.keys.into_iter().map(|key| key.kid).collect() };
    let (one, two) = (kids(one.unwrap()), kids(two.unwrap()));
    assert_eq!((one.len(), &one), (2, &two));
}
