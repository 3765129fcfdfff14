//! The signing algorithm: each of them, the configured secret, and changing from one to another.

use sekisho::{
    actors::{
        account::{AuthenticateError, LogIn},
        db::FindKeys,
        token::{ANNOUNCEMENT_PERIOD, InvalidToken},
    },
    domain::{Algorithm, RequestOrigin, Role, Scope},
};
use strum::VariantArray;

use super::{DAY, MINUTE, SECOND, alg, fetch, look_around, part, restart, rotate, verifies, worker};
use crate::{
    actors::steps::{authenticate, log_in, newcomer, password, refresh, register},
    support::{PASSWORD, TestActors},
};

#[actix_web::test]
async fn every_algorithm_signs_what_it_and_others_verify() {
    for &algorithm in Algorithm::VARIANTS {
        let actors = TestActors::start_with(|config| config.token.algorithm = algorithm).await;
        let worker = worker(&actors).await;

        let (alice, tokens) = newcomer(&actors, "alice", Role::User).await;

        let caller = authenticate(&actors, &tokens.access_token).await.unwrap();
        assert_eq!(caller.user, alice);
        assert_eq!(alg(&tokens.access_token), algorithm.as_str());
        let shown = fetch(&worker).await;
        let is_public = algorithm != Algorithm::Hs256;
        assert_eq!(verifies(&shown, &tokens.access_token), is_public, "{algorithm}");
        let text = serde_json::to_string(&shown).unwrap();
        for private in ["\"d\"", "\"p\"", "\"q\"", "\"k\"", "\"oct\""] {
            assert!(!text.contains(private), "{algorithm}: {text}");
        }
    }
}

#[actix_web::test]
async fn a_token_says_what_it_is_for() {
    let actors = TestActors::start().await;
    let alice = register(&actors, "Alice", Role::Admin).await;
    let log_in = LogIn {
        name: "alice".to_owned(),
        password: password(PASSWORD),
        scope: Scope::of(Role::User),
        origin: RequestOrigin::default(),
    };

    let first = actors.accounts.ask(log_in).await.unwrap();
    actors.clock.advance(MINUTE);
    let tokens = refresh(&actors, &first.refresh_token).await.unwrap();

    let header = part(&tokens.access_token, 0);
    assert_eq!((header["typ"].as_str(), header["alg"].as_str()), (Some("at+jwt"), Some("ES256")));
    let mut claims = part(&tokens.access_token, 1);
    let now = actors.clock.now().as_seconds();
    let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert!(jti.as_str().is_some_and(|jti| jti.len() == 43));
    assert_eq!(
        claims,
        serde_json::json!({
            "iss": "http://sekisho.test", "aud": ["http://sekisho.test"], "sub": "Alice", "uid": alice.id,
            "sid": 1, "scope": "user", "iat": now, "exp": now + 1800, "auth_time": now - 60,
        })
    );
    assert_eq!(tokens.expires_in, 1800);
}

#[actix_web::test]
async fn another_algorithm_at_a_restart_keeps_old_tokens_good() {
    let mut actors = TestActors::start().await;
    let (_, first) = newcomer(&actors, "alice", Role::User).await;
    let mut kept = vec![first.access_token];

    for algorithm in [Algorithm::EdDsa, Algorithm::Rs256, Algorithm::Hs256, Algorithm::Es256] {
        actors.clock.advance(SECOND);
        actors = restart(actors, |config| config.token.algorithm = algorithm).await;
        let tokens = refresh(&actors, &first.refresh_token).await.unwrap();

        assert_eq!(alg(&tokens.access_token), algorithm.as_str());
        kept.push(tokens.access_token);
        for token in &kept {
            assert!(authenticate(&actors, token).await.is_ok(), "{algorithm} {}", alg(token));
        }
    }
    // A restart without changes makes no key.
    let before = actors.ask_db(FindKeys).await.unwrap().keys.len();
    let actors = restart(actors, |_| {}).await;
    assert_eq!(actors.ask_db(FindKeys).await.unwrap().keys.len(), before);
}

#[actix_web::test]
async fn a_configured_secret_signs_beside_the_keys_of_the_file() {
    let secret = |text: &str| Some(text.to_owned().into());
    let one = secret("Yb0tT9cH4v7mKqz1R2uE5xWgLd8sAfPjN6yZoXiVhCQ");
    let two = secret("pF3nW8xJ2kLz7QvRb5TgYc1MhDs9UeAoE4iXtZ6wKqB");
    let actors = TestActors::start().await;
    let (_, by_file) = newcomer(&actors, "alice", Role::User).await;
    let restart_with = async |actors: TestActors, key| {
        actors.clock.advance(SECOND);
        restart(actors, |config| (config.token.algorithm, config.token.secret_key) = (Algorithm::Hs256, key))
            .await
    };

    let actors = restart_with(actors, one.clone()).await;
    let by_one = log_in(&actors, "alice").await;
    assert_eq!(alg(&by_one.access_token), "HS256");
    assert!(authenticate(&actors, &by_one.access_token).await.is_ok());
    assert!(authenticate(&actors, &by_file.access_token).await.is_ok());

    let actors = restart_with(actors, one).await;
    assert!(authenticate(&actors, &by_one.access_token).await.is_ok());

    let actors = restart_with(actors, two).await;
    let unknown = AuthenticateError::InvalidToken(InvalidToken::UnknownKey);
    assert_eq!(authenticate(&actors, &by_one.access_token).await.err(), Some(unknown));
    assert!(refresh(&actors, &by_one.refresh_token).await.is_ok());
}

#[actix_web::test]
async fn a_key_of_the_former_algorithm_that_was_announced_never_takes_over() {
    let actors = TestActors::start().await;
    register(&actors, "alice", Role::User).await;
    rotate(&actors, false).await;
    actors.clock.advance(MINUTE);
    let actors = restart(actors, |config| config.token.algorithm = Algorithm::EdDsa).await;

    for _ in 0..3 {
        look_around(&actors).await;
        let tokens = log_in(&actors, "alice").await;
        assert_eq!(alg(&tokens.access_token), "EdDSA");
        assert!(authenticate(&actors, &tokens.access_token).await.is_ok());
        actors.clock.advance(ANNOUNCEMENT_PERIOD);
    }
}

#[actix_web::test]
async fn a_clock_before_every_key_still_signs_and_verifies() {
    let actors = TestActors::start().await;
    register(&actors, "alice", Role::User).await;
    actors.clock.rewind(DAY);
    look_around(&actors).await;

    let tokens = log_in(&actors, "alice").await;

    assert!(authenticate(&actors, &tokens.access_token).await.is_ok());
}
