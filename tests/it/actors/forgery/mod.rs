//! Access tokens that were not issued, or are not valid now, in tables.
//!
//! Forged tokens are assembled by hand, from JSON to signature, so that no library keeps an attacker's idea
//! from the verifier.

mod claims;
mod foreign_keys;
mod shape;

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sekisho::{
    actors::{account::AuthenticateError, db::FindKeys, token::InvalidToken},
    domain::{AccessToken, AccessTokenClaims, Algorithm, KeyRow, Role, TokenPair, User},
};
use serde_json::{Value, json};

use super::steps::{authenticate, newcomer};
use crate::support::{START, TestActors};

fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn token(header: &impl ToString, claims: &impl ToString, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
    let signature = sign(signed.as_bytes());
    format!("{signed}.{}", base64(signature))
}

fn es256(key: &KeyRow) -> impl Fn(&[u8]) -> Vec<u8> {
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.private_key.as_column()).unwrap();
    move |message| pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
}

fn hs256(secret: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    move |message| hmac::sign(&key, message).as_ref().to_vec()
}

/// A user with a genuine token, and everything that an attacker could want to know.
struct Scene {
    actors: TestActors,
    alice: User,
    tokens: TokenPair,
    key: KeyRow,
    tags: hmac::Key,
    header: Value,
    claims: Value,
}

impl Scene {
    async fn set(algorithm: Algorithm) -> Self {
        let actors = TestActors::start_with(|config| config.token.algorithm = algorithm).await;
        let (alice, tokens) = newcomer(&actors, "alice", Role::User).await;
        let mut parts = tokens.access_token.expose().split('.').map(|part| {
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap_or_default()
        });
        let (header, claims) = (parts.next().unwrap(), parts.next().unwrap());
        let mut set = actors.ask_db(FindKeys).await.unwrap();
        let key = set.keys.remove(0);
        let root = hmac::Key::new(hmac::HMAC_SHA256, set.refresh_secrets[0].value.as_column());
        let tags = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, b"access token tag").as_ref());
        Self { actors, alice, tokens, key, tags, header, claims }
    }

    fn header_with(&self, changes: Value) -> Value {
        with(&self.header, changes)
    }

    /// A token with any claims that the server's own key signs, with a genuine tag if it can have one.
    fn sign(&self, header: Value, claims: Value) -> String {
        let claims = self.tagged(with(&self.claims, claims));
        token(&with(&self.header, header), &claims, es256(&self.key))
    }

    /// The claims with the tag that they would have if Sekisho had issued them.
    fn tagged(&self, claims: Value) -> Value {
        let Ok(bare) = serde_json::from_value::<AccessTokenClaims>(with(&claims, json!({ "jti": "" })))
        else {
            return claims;
        };
        let nonce = [7; 16];
        let tag = hmac::sign(&self.tags, &[&nonce[..], &serde_json::to_vec(&bare).unwrap()].concat());
        with(&claims, json!({ "jti": base64([&nonce, &tag.as_ref()[..16]].concat()) }))
    }

    async fn verdict(&self, text: &str) -> Result<(), AuthenticateError> {
        authenticate(&self.actors, &AccessToken::new(text.to_owned())).await.map(drop)
    }

    async fn refuses(&self, what: &str, text: &str, reason: InvalidToken) {
        let refused = Err(AuthenticateError::InvalidToken(reason));
        assert_eq!(self.verdict(text).await, refused, "{what}");
    }

    /// Asserts that the genuine token is still accepted.
    async fn is_unharmed(&self) {
        assert_eq!(self.verdict(self.tokens.access_token.expose()).await, Ok(()));
    }
}

/// An object with some members replaced, and without those that become null.
fn with(object: &Value, changes: Value) -> Value {
    let mut object = object.as_object().unwrap().clone();
    let Value::Object(changes) = changes else { panic!("not an object") };
    for (name, value) in changes {
        if value.is_null() {
            object.remove(&name)
        } else {
            object.insert(name, value)
        };
    }
    Value::Object(object)
}

#[actix_web::test]
async fn what_our_own_key_signs_and_our_own_secret_tags_is_accepted() {
    let scene = Scene::set(Algorithm::Es256).await;

    assert_eq!(scene.verdict(&scene.sign(json!({}), json!({}))).await, Ok(()));
    let now = START.as_seconds();
    assert_eq!(scene.verdict(&scene.sign(json!({}), json!({ "nbf": now, "exp": now + 1 }))).await, Ok(()));
    assert_eq!(scene.verdict(&scene.sign(json!({ "more": 1 }), json!({ "more": [1] }))).await, Ok(()));
}
