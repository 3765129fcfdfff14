//! `/.well-known/`: what other services need to verify tokens.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use sekisho::{actors::maintenance::RunMaintenance, domain::Algorithm};
use serde_json::{Value, json};

use crate::support::{TestApp, eventually};

const JWKS: &str = "/.well-known/jwks.json";

async fn keys(app: &TestApp) -> Vec<Value> {
    app.get(JWKS, None).await.json()["keys"].as_array().unwrap().clone()
}

fn bytes(jwk: &Value, member: &str) -> usize {
    BASE64_URL_SAFE_NO_PAD.decode(jwk[member].as_str().unwrap()).unwrap().len()
}

#[actix_web::test]
async fn each_algorithm_publishes_its_public_key_and_nothing_more() {
    for (algorithm, kty, crv, sizes) in [
        (Algorithm::Es256, "EC", Some("P-256"), vec![("x", 32), ("y", 32)]),
        (Algorithm::EdDsa, "OKP", Some("Ed25519"), vec![("x", 32)]),
        (Algorithm::Rs256, "RSA", None, vec![("n", 384), ("e", 3)]),
    ] {
        let app = TestApp::start_with(|config| config.token.algorithm = algorithm).await;

        let answer = app.get(JWKS, None).await;

        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/jwk-set+json"));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        let keys = answer.json()["keys"].as_array().unwrap().clone();
        assert_eq!(keys.len(), 1);
        let jwk = &keys[0];
        assert_eq!((&jwk["kty"], jwk["crv"].as_str()), (&json!(kty), crv));
        assert_eq!((&jwk["use"], &jwk["alg"]), (&json!("sig"), &json!(algorithm.as_str())));
        for (member, size) in &sizes {
            assert_eq!(bytes(jwk, member), *size, "{algorithm} {member}");
        }
        let mut members: Vec<_> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        members.retain(|name| !["kty", "crv", "use", "alg", "kid"].contains(name));
        members.sort_unstable();
        let mut expected: Vec<_> = sizes.iter().map(|(name, _)| *name).collect();
        expected.sort_unstable();
        assert_eq!(members, expected, "{algorithm}");
    }
}

#[actix_web::test]
async fn a_stranger_can_verify_a_token_with_the_published_key() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let app = TestApp::start_with(|config| config.token.algorithm = algorithm).await;
        let token = app.newcomer("alice").await.access;

        let set: JwkSet = serde_json::from_str(&app.get(JWKS, None).await.body).unwrap();

        let header = decode_header(&token).unwrap();
        let jwk = set.find(&header.kid.unwrap()).unwrap();
        let mut validation = Validation::new(header.alg);
        // The library does not use the test's clock.
        validation.validate_exp = false;
        validation.set_issuer(&[app.url("")]);
        validation.set_audience(&[app.url("")]);
        let claims =
            decode::<Value>(&token, &DecodingKey::from_jwk(jwk).unwrap(), &validation).unwrap().claims;
        assert_eq!(claims["sub"], "alice");
        assert_eq!(app.me(&token).await.status, 200);
    }
}

#[actix_web::test]
async fn a_symmetric_key_is_never_published() {
    let secret = "Yb0tT9cH4v7mKqz1R2uE5xWgLd8sAfPjN6yZoXiVhCQ";
    for key in [None, Some(secret)] {
        let app = TestApp::start_with(|config| {
            config.token.algorithm = Algorithm::Hs256;
            config.token.secret_key = key.map(Into::into);
        })
        .await;
        let token = app.newcomer("alice").await.access;

        let answer = app.get(JWKS, None).await;

        assert_eq!(answer.json(), json!({ "keys": [] }));
        assert_eq!(decode_header(&token).unwrap().alg, jsonwebtoken::Algorithm::HS256);
        assert_eq!(app.me(&token).await.status, 200);
        if key.is_some() {
            let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
            validation.validate_exp = false;
            validation.set_audience(&[app.url("")]);
            assert!(
                decode::<Value>(&token, &DecodingKey::from_secret(secret.as_bytes()), &validation).is_ok()
            );
        }
    }
}

#[actix_web::test]
async fn a_new_key_is_published_before_it_signs_and_the_old_one_after() {
    let app = TestApp::start_with(|config| config.token.key_lifetime = Duration::from_hours(24)).await;
    app.register("alice").await;
    let old = keys(&app).await[0]["kid"].clone();
    let kid = async || json!(decode_header(app.log_in("alice").await.access).unwrap().kid);
    app.clock.advance(Duration::from_hours(24));

    app.sekisho.maintenance().ask(RunMaintenance).await.unwrap();
    eventually("both keys are published", async || keys(&app).await.len() == 2).await;

    assert_eq!(kid().await, old);
    let tokens = app.log_in("alice").await;
    app.clock.advance(Duration::from_mins(10));
    assert_ne!(kid().await, old);
    assert_eq!(app.me(&tokens.access).await.status, 200);
    assert_eq!(keys(&app).await.len(), 2);
    app.clock.advance(Duration::from_mins(31));
    let left = keys(&app).await;
    assert_eq!(left.len(), 1);
    assert_ne!(left[0]["kid"], old);
    assert_eq!(app.refresh(&tokens.refresh).await.status, 200);
}

#[actix_web::test]
async fn the_discovery_document_leads_to_everything() {
    let app =
        TestApp::start_with(|config| config.token.issuer = Some("https://login.example.com/auth".to_owned()))
            .await;

    let answer = app.get("/.well-known/oauth-authorization-server", None).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let json = answer.json();
    let base = "https://login.example.com/auth";
    assert_eq!(json["issuer"], base);
    for (member, path) in [
        ("token_endpoint", "/token"),
        ("revocation_endpoint", "/revoke"),
        ("jwks_uri", "/.well-known/jwks.json"),
    ] {
        assert_eq!(json[member], format!("{base}{path}"));
    }
    assert_eq!(json["grant_types_supported"], json!(["password", "refresh_token"]));
    assert_eq!(json["response_types_supported"], json!([]));
    assert_eq!(json["token_endpoint_auth_methods_supported"], json!(["none"]));
    assert_eq!(json["revocation_endpoint_auth_methods_supported"], json!(["none"]));
    assert_eq!(json["scopes_supported"], json!(["user", "admin"]));
}

#[actix_web::test]
async fn the_issuer_is_the_listening_address_unless_told_otherwise() {
    let app = TestApp::start().await;

    let json = app.get("/.well-known/oauth-authorization-server", None).await.json();

    assert_eq!(json["issuer"], format!("http://{}", app.address));
    assert_eq!(json["token_endpoint"], format!("http://{}/token", app.address));
}
