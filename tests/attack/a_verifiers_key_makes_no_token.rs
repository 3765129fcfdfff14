//! With HS256 every verifier can sign. Sekisho accepts only tokens that it issued, not everything that its
//! key signed.

use jsonwebtoken::{EncodingKey, Header, decode_header, encode};
use sekisho::domain::Algorithm;
use serde_json::{Value, json};

use crate::support::TestApp;

/// The key that every verifying service has.
const SHARED: &str = "Yb0tT9cH4v7mKqz1R2uE5xWgLd8sAfPjN6yZoXiVhCQ";

#[actix_web::test]
async fn a_verifiers_key_makes_no_token() {
    let app = TestApp::start_with(|config| {
        config.token.algorithm = Algorithm::Hs256;
        config.token.secret_key = Some(SHARED.into());
    })
    .await;
    let root = app.administrator("root").await;
    let mallory = app.newcomer("mallory").await;
    let header = decode_header(&mallory.access).unwrap();
    let forge = |changes: &[(&str, Value)]| {
        let mut claims = super::claims(&mallory.access);
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        sign(&header, &claims)
    };
    // Both can be guessed: users and sessions are numbered consecutively.
    let [uid, sid] = ["uid", "sid"].map(|name| super::claims(&root.access)[name].clone());
    let admin = [("aud", json!([app.url("/admin")])), ("scope", json!("user admin"))];
    let as_root = [("sub", json!("root")), ("uid", uid), ("sid", sid)];

    for (what, forged) in [
        ("somebody else", forge(&as_root)),
        ("an administrator", forge(&[&as_root[..], &admin].concat())),
        (
            "with their jti",
            forge(&[&as_root[..], &[("jti", super::claims(&root.access)["jti"].clone())]].concat()),
        ),
        ("more than was granted", forge(&admin)),
        ("longer", forge(&[("exp", json!(9_999_999_999_i64))])),
        (
            "freshly logged in",
            forge(&[("auth_time", json!(super::claims(&mallory.access)["auth_time"].as_i64().unwrap() + 1))]),
        ),
    ] {
        let answer = app.me(&forged).await;
        assert_eq!((answer.status.as_u16(), &*answer.code()), (401, "invalid_token"), "{what}");
        assert_eq!(app.get("/users", Some(&forged)).await.status, 401, "{what}");
    }
    // The key is right: a token that Sekisho issued is accepted when it is signed again with it.
    assert_eq!(app.me(&forge(&[])).await.status, 200);
}

fn sign(header: &Header, claims: &Value) -> String {
    encode(header, claims, &EncodingKey::from_secret(SHARED.as_bytes())).unwrap()
}
