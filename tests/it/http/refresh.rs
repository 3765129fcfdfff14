//! `POST /token` with a refresh token.

use std::time::Duration;

use serde_json::json;

use crate::support::{TestApp, Tokens};

const SECOND: Duration = Duration::from_secs(1);

/// Just before the end of three days.
const ALMOST: Duration = Duration::from_secs(3 * 86_400 - 1);

#[actix_web::test]
async fn a_refresh_gives_a_new_pair_of_the_same_session() {
    let app = TestApp::start().await;
    let first = app.newcomer("alice").await;

    let answer = app.refresh(&first.refresh).await;

    let second = Tokens::of(&answer);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_ne!(second.refresh, first.refresh);
    assert_ne!(second.access, first.access);
    assert_eq!(app.me(&second.access).await.status, 200);
    assert_eq!(app.me(&first.access).await.status, 200);
    assert_eq!(app.sessions(&second.access).await.len(), 1);
}

#[actix_web::test]
async fn a_session_slides_with_each_use_and_expires_without() {
    let app = TestApp::start_with(|config| config.session.refresh_lifetime = Duration::from_hours(72)).await;
    let mut tokens = app.newcomer("alice").await;
    for _ in 0..4 {
        app.clock.advance(ALMOST);
        tokens = Tokens::of(&app.refresh(&tokens.refresh).await);
    }
    app.clock.advance(ALMOST + SECOND);

    let late = app.refresh(&tokens.refresh).await;

    assert_eq!((late.status.as_u16(), &*late.code()), (401, "invalid_grant"));
    assert_eq!(late.json()["error"], "invalid_grant");
}

#[actix_web::test]
async fn what_is_no_refresh_token_of_ours_is_invalid_and_harms_nobody() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;
    let changed = {
        let mut bytes = tokens.refresh.clone().into_bytes();
        bytes[20] = if bytes[20] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let bad = [
        "x",
        "AAAAAAAAAAEAAAAA",
        "é",
        " ",
        "\0",
        &changed,
        &tokens.access,
        &tokens.refresh[1..],
        &"A".repeat(75),
    ];
    for token in bad {
        let answer = app.refresh(token).await;

        assert_eq!(answer.status, 401, "{token}");
        let json = answer.json();
        assert_eq!(
            (&json["code"], &json["error"]),
            (&json!("invalid_grant"), &json!("invalid_grant")),
            "{token}"
        );
    }
    assert_eq!(app.refresh(&tokens.refresh).await.status, 200);
}

#[actix_web::test]
async fn a_refresh_token_is_no_access_token() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;

    assert_eq!(app.me(&tokens.refresh).await.code(), "invalid_token");
}

#[actix_web::test]
async fn a_refreshed_scope_narrows_this_once_and_never_widens() {
    let app = TestApp::start().await;
    let mut tokens = app.administrator("root").await;
    let refresh = async |token: String, scope: &str| {
        app.form("/token", &[("grant_type", "refresh_token"), ("refresh_token", &token), ("scope", scope)])
            .await
    };

    let narrow = refresh(tokens.refresh.clone(), "user").await;
    tokens = Tokens::of(&narrow);
    let listed = app.get("/users", Some(&tokens.access)).await;
    let unknown = refresh(tokens.refresh.clone(), "user openid").await;
    let wide = refresh(tokens.refresh.clone(), "").await;

    assert_eq!(narrow.json()["scope"], "user");
    assert_eq!(listed.status, 403);
    assert_eq!((unknown.status.as_u16(), &unknown.json()["error"]), (400, &json!("invalid_scope")));
    assert_eq!(wide.json()["scope"], "user admin");
    let limited = app.log_in("root").await;
    let widened = refresh(limited.refresh.clone(), "admin").await;
    assert_eq!((widened.status.as_u16(), &*widened.code()), (400, "invalid_scope"));
    assert_eq!(app.refresh(&limited.refresh).await.json()["scope"], "user");
}

#[actix_web::test]
async fn a_session_ends_at_its_greatest_age_however_often_it_is_used() {
    const DAY: Duration = Duration::from_hours(24);
    let app = TestApp::start_with(|config| config.session.max_age = Duration::from_hours(60 * 24)).await;
    let mut tokens = app.newcomer("alice").await;
    for _ in 0..2 {
        app.clock.advance(29 * DAY);
        tokens = Tokens::of(&app.refresh(&tokens.refresh).await);
    }
    app.clock.advance(DAY + Duration::from_mins(24 * 60 - 10));

    let last = app.refresh(&tokens.refresh).await;
    let expires_in = last.json()["expires_in"].as_i64();
    let last = Tokens::of(&last);
    assert_eq!(expires_in, Some(600), "no token outlives its session");
    app.clock.advance(599 * SECOND);
    assert_eq!(app.me(&last.access).await.status, 200);
    app.clock.advance(SECOND);

    assert_eq!(app.me(&last.access).await.status, 401);
    assert_eq!(app.refresh(&last.refresh).await.code(), "invalid_grant");
}
