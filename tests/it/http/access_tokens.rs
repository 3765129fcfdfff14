//! Which `Authorization` headers are accepted.

use actix_web::http::Method;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::TestApp;

fn part(token: &str, index: usize) -> Value {
    let text = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

/// Every operation that needs a token.
const SECURED: [(&str, &str); 17] = [
    ("GET", "/users/me"),
    ("PATCH", "/users/me"),
    ("DELETE", "/users/me"),
    ("POST", "/users/me/password"),
    ("GET", "/users/me/sessions"),
    ("DELETE", "/users/me/sessions"),
    ("DELETE", "/users/me/sessions/1"),
    ("POST", "/logout"),
    ("GET", "/users"),
    ("GET", "/users?limit=3"),
    ("GET", "/users/1"),
    ("PATCH", "/users/1"),
    ("DELETE", "/users/1"),
    ("GET", "/users/1/sessions"),
    ("DELETE", "/users/1/sessions"),
    ("HEAD", "/users/me"),
    ("HEAD", "/users"),
];

/// A body that any of them could accept, so that only the token can be wrong.
fn any_body() -> Value {
    json!({ "email": "x@example.com", "password": "p", "current_password": "p", "new_password": "long enough" })
}

#[actix_web::test]
async fn without_a_token_everything_secured_says_not_authenticated() {
    let app = TestApp::start().await;
    app.newcomer("alice").await;
    for (method, path) in SECURED {
        let method: Method = method.parse().unwrap();
        let answer = app.send_json(method.clone(), path, None, &any_body()).await;

        assert_eq!(answer.status, 401, "{method} {path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{method} {path}");
        if method != Method::HEAD {
            assert_eq!(answer.json(), json!({ "detail": "Not authenticated", "code": "not_authenticated" }));
        }
    }
}

#[actix_web::test]
async fn with_a_bad_token_everything_secured_says_so() {
    let app = TestApp::start().await;
    app.newcomer("alice").await;
    for (method, path) in SECURED {
        let method: Method = method.parse().unwrap();
        let answer = app.send_json(method.clone(), path, Some("a.b.c"), &any_body()).await;

        assert_eq!(answer.status, 401, "{method} {path}");
        assert_eq!(
            answer.header("www-authenticate"),
            Some(r#"Bearer error="invalid_token""#),
            "{method} {path}"
        );
        if method != Method::HEAD {
            assert_eq!(
                answer.json(),
                json!({ "detail": "Could not validate credentials", "code": "invalid_token" })
            );
        }
    }
}

#[actix_web::test]
async fn a_token_says_who_in_which_session_and_for_how_long() {
    let app = TestApp::start().await;
    let token = app.newcomer("alice").await.access;

    let (header, claims) = (part(&token, 0), part(&token, 1));

    assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("at+jwt")));
    assert!(header["kid"].is_string());
    let iat = crate::support::START.as_seconds();
    let jti = claims["jti"].as_str().unwrap();
    assert_eq!(
        claims,
        json!({
            "iss": app.url(""), "aud": [app.url("")], "sub": "alice", "uid": 1, "sid": 1, "scope": "user",
            "iat": iat, "exp": iat + 1800, "auth_time": iat, "jti": jti,
        })
    );
    let other = app.log_in("ALICE").await.access;
    assert_eq!(part(&other, 1)["sub"], "alice");
    assert_ne!(part(&other, 1)["jti"], jti);
}

#[actix_web::test]
async fn an_issuer_is_held_to_its_name() {
    let app =
        TestApp::start_with(|config| config.token.issuer = Some("https://login.example.com".to_owned()))
            .await;

    let token = app.newcomer("alice").await.access;

    assert_eq!(part(&token, 1)["iss"], "https://login.example.com");
    assert_eq!(app.me(&token).await.status, 200);
}

#[actix_web::test]
async fn a_scheme_other_than_bearer_is_no_authentication() {
    let app = TestApp::start().await;
    let token = app.newcomer("alice").await.access;
    for (values, status, code) in [
        (vec![format!("Bearer {token}")], 200, ""),
        (vec![format!("bearer  {token}")], 200, ""),
        (vec![format!("Basic {token}")], 401, "not_authenticated"),
        (vec![token.clone()], 401, "not_authenticated"),
        (vec!["Bearer".to_owned()], 401, "invalid_token"),
        (vec![format!("Bearer {token}"), format!("Bearer {token}")], 401, "invalid_token"),
    ] {
        let headers: Vec<_> = values.iter().map(|value| ("authorization", value.as_str())).collect();

        let answer = app.send_with(Method::GET, "/users/me", &headers).await;

        assert_eq!((answer.status.as_u16(), &*answer.code()), (status, code), "{values:?}");
    }
}
