//! Signing keys, with a simulated clock: their life, and the algorithms.

mod algorithms;
mod life;

use std::{sync::Arc, time::Duration};

use actix::Actor;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, Validation, decode, jwk::JwkSet};
use sekisho::{
    actors::{
        Handle, Limits,
        maintenance::{KeyPolicy, RunMaintenance, Subscribe, open_keyring, rotate_keys},
        token::{JWKS_MAX_AGE, KeyState, PublishKeys, SigningSetup, TokenActor},
    },
    app::{Overrides, Sekisho},
    config::Config,
    domain::{AccessToken, AccessTokenClaims, Algorithm, Audiences, KeyWrap, Random, Timestamp},
};
use serde_json::Value;

use crate::support::{self, TestActors};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn part(token: &AccessToken, index: usize) -> Value {
    let part = token.expose().split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn kid(token: &AccessToken) -> String {
    part(token, 0)["kid"].as_str().unwrap().to_owned()
}

fn alg(token: &AccessToken) -> String {
    part(token, 0)["alg"].as_str().unwrap().to_owned()
}

fn policy(actors: &TestActors, algorithm: Algorithm) -> KeyPolicy {
    KeyPolicy {
        algorithm,
        lifetime: 90 * DAY,
        setup: SigningSetup {
            issuer: "http://sekisho.test".to_owned(),
            audiences: Audiences::new("http://sekisho.test"),
            token_lifetime: 30 * MINUTE,
            secret_key: None,
            started_at: actors.clock.now(),
            key_wrap: KeyWrap::in_the_clear(),
        },
        clock: actors.clock.clone(),
        random: Random::System,
    }
}

/// The state of each key, according to the file.
async fn states(actors: &TestActors) -> Vec<KeyState> {
    let (_, keyring) = open_keyring(actors.sekisho.db(), &policy(actors, Algorithm::Es256)).await.unwrap();
    keyring.summaries(actors.clock.now()).into_iter().map(|key| key.state).collect()
}

async fn rotate(actors: &TestActors, at_once: bool) {
    let maker = (&KeyWrap::in_the_clear(), &Random::System);
    rotate_keys(actors.sekisho.db(), Algorithm::Es256, at_once, &actors.context(), maker).await.unwrap();
    look_around(actors).await;
}

async fn look_around(actors: &TestActors) {
    actors.sekisho.maintenance().ask(RunMaintenance).await.unwrap();
}

/// A token actor that listens to the maintenance actor, as each worker's does: it shows the keys.
async fn worker(actors: &TestActors) -> Handle<TokenActor> {
    let policy = policy(actors, Algorithm::Es256);
    let (_, keyring) = open_keyring(actors.sekisho.db(), &policy).await.unwrap();
    let lifetime = policy.setup.token_lifetime;
    let actor = TokenActor::new(Arc::new(keyring), actors.clock.clone(), Random::System, lifetime).start();
    actors.sekisho.maintenance().tell(Subscribe(actor.clone().recipient()));
    Handle::new(actor, Limits { in_flight: 100, deadline: None })
}

/// Another party's service, which keeps its copy of the JWKS for as long as it may.
struct Verifier {
    worker: Handle<TokenActor>,
    copy: JwkSet,
    fetched_at: Timestamp,
}

impl Verifier {
    async fn new(actors: &TestActors) -> Self {
        let worker = worker(actors).await;
        let copy = fetch(&worker).await;
        Self { worker, copy, fetched_at: actors.clock.now() }
    }

    async fn accepts(&mut self, actors: &TestActors, token: &AccessToken) -> bool {
        if actors.clock.now().since(self.fetched_at) >= JWKS_MAX_AGE {
            self.copy = fetch(&self.worker).await;
            self.fetched_at = actors.clock.now();
        }
        verifies(&self.copy, token)
    }
}

async fn fetch(worker: &Handle<TokenActor>) -> JwkSet {
    serde_json::from_value(worker.ask(PublishKeys).await.unwrap()).unwrap()
}

fn verifies(keys: &JwkSet, token: &AccessToken) -> bool {
    let Some(jwk) = keys.find(&kid(token)) else { return false };
    let mut validation = Validation::new(alg(token).parse().unwrap());
    validation.set_issuer(&["http://sekisho.test"]);
    validation.set_audience(&["http://sekisho.test"]);
    validation.validate_exp = false;
    decode::<AccessTokenClaims>(token.expose(), &DecodingKey::from_jwk(jwk).unwrap(), &validation).is_ok()
}

/// Closes Sekisho and starts it again on the same file with another configuration.
async fn restart(actors: TestActors, adjust: impl FnOnce(&mut Config)) -> TestActors {
    actors.sekisho.close().await.unwrap();
    let TestActors { clock, directory, .. } = actors;
    let mut config = support::config(&directory);
    adjust(&mut config);
    let overrides = Overrides { clock: clock.clone(), ..Overrides::default() };
    let sekisho = Sekisho::start(config, "http://sekisho.test", overrides).await.unwrap();
    TestActors { accounts: sekisho.accounts(), sekisho, clock, directory }
}
