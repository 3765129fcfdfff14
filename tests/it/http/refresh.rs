//! `POST /token` with a refresh token.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{
    TestApp, Tokens,
    wire::{FORM, Wire, post},
};

const SECOND: Duration = Duration::from_secs(1);

/// Just before the end of three days, and of thirty.
const ALMOST: [Duration; 2] = [Duration::from_secs(3 * 86_400 - 1), Duration::from_secs(30 * 86_400 - 1)];

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
async fn a_token_used_again_within_the_grace_gives_the_same_successor() {
    let app = TestApp::start().await;
    let first = app.newcomer("alice").await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    app.clock.advance(Duration::from_secs(10));

    let again = Tokens::of(&app.refresh(&first.refresh).await);

    assert_eq!(again.refresh, second.refresh);
    assert_eq!(app.me(&again.access).await.status, 200);
    assert_eq!(app.refresh(&again.refresh).await.status, 200);
}

#[actix_web::test]
async fn sixty_four_parallel_refreshes_stay_one_session_and_agree() {
    let app = TestApp::start().await;
    let mut current = app.newcomer("alice").await;

    // On two workers, whose messages meet at the database in a different order each time.
    for round in 0..200 {
        let answers = join_all((0..64).map(|_| app.refresh(&current.refresh))).await;

        let pairs: Vec<_> = answers.iter().map(Tokens::of).collect();
        let agree = pairs.iter().all(|pair| pair.refresh == pairs[0].refresh);
        assert!(agree && pairs[0].refresh != current.refresh, "{round}");
        assert_eq!(app.sessions(&pairs[63].access).await.len(), 1, "{round}");
        current = pairs[63].clone();
        app.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(app.refresh(&current.refresh).await.status, 200);
}

#[actix_web::test]
async fn a_clock_that_jumps_either_way_logs_nobody_out() {
    const DAY: Duration = Duration::from_hours(24);
    let app = TestApp::start().await;
    let mut tokens = app.newcomer("alice").await;

    for jump in [DAY, 20 * DAY] {
        app.clock.advance(jump);
        let forward = Tokens::of(&app.refresh(&tokens.refresh).await);
        app.clock.rewind(jump);
        let back = Tokens::of(&app.refresh(&forward.refresh).await);
        // The answer was lost, and the clock was set back meanwhile.
        app.clock.rewind(DAY);
        tokens = Tokens::of(&app.refresh(&forward.refresh).await);
        assert_eq!(tokens.refresh, back.refresh);

        assert_eq!(app.me(&tokens.access).await.status, 200);
        assert_eq!(app.sessions(&tokens.access).await.len(), 1);
        app.clock.advance(DAY);
    }
}

#[actix_web::test]
async fn a_client_whose_answer_was_lost_tries_again_and_goes_on() {
    let app = TestApp::start().await;
    let first = app.newcomer("alice").await;
    let body = format!("grant_type=refresh_token&refresh_token={}", first.refresh);
    let mut wire = Wire::connect(app.address).await;
    wire.send(post("/token", FORM, body.as_bytes())).await;
    // The answer is being sent, and the client does not read it.
    let mut byte = [0];
    wire.stream.peek(&mut byte).await.unwrap();
    drop(wire);

    let second = Tokens::of(&app.refresh(&first.refresh).await);
    app.clock.advance(Duration::from_mins(20));
    let third = Tokens::of(&app.refresh(&second.refresh).await);

    assert_eq!(app.me(&third.access).await.status, 200);
    assert_eq!(app.sessions(&third.access).await.len(), 1);
}

#[actix_web::test]
async fn reuse_after_the_grace_ends_that_session_and_no_other() {
    let app = TestApp::start().await;
    let (stolen, other) = (app.newcomer("alice").await, app.log_in("alice").await);
    let current = Tokens::of(&app.refresh(&stolen.refresh).await);
    app.clock.advance(Duration::from_secs(11));

    let reused = app.refresh(&stolen.refresh).await;

    assert_eq!(reused.status, 401);
    let json = reused.json();
    assert_eq!(json["code"], "refresh_token_reused");
    assert_eq!(json["error"], "invalid_grant");
    assert_eq!(json["detail"], json["error_description"]);
    assert_eq!(app.me(&current.access).await.status, 401);
    let honest = app.refresh(&current.refresh).await;
    assert_eq!((honest.status.as_u16(), &*honest.code()), (401, "invalid_grant"));
    assert_eq!(app.me(&other.access).await.status, 200);
    assert_eq!(app.refresh(&other.refresh).await.status, 200);
}

#[actix_web::test]
async fn the_grace_is_the_configured_one() {
    for (grace, at, expected) in [(0, 1, 401), (60, 60, 200), (60, 61, 401)] {
        let app =
            TestApp::start_with(|config| config.session.refresh_grace = Duration::from_secs(grace)).await;
        let first = app.newcomer("alice").await;
        Tokens::of(&app.refresh(&first.refresh).await);
        app.clock.advance(Duration::from_secs(at));

        assert_eq!(app.refresh(&first.refresh).await.status, expected, "grace {grace}, after {at}");
    }
}

#[actix_web::test]
async fn a_session_slides_with_each_use_and_expires_without() {
    let app = TestApp::start_with(|config| config.session.refresh_lifetime = Duration::from_hours(72)).await;
    let mut tokens = app.newcomer("alice").await;
    for _ in 0..4 {
        app.clock.advance(ALMOST[0]);
        tokens = Tokens::of(&app.refresh(&tokens.refresh).await);
    }
    app.clock.advance(ALMOST[0] + SECOND);

    let late = app.refresh(&tokens.refresh).await;

    assert_eq!((late.status.as_u16(), &*late.code()), (401, "invalid_grant"));
    assert_eq!(late.json()["error"], "invalid_grant");
}

#[actix_web::test]
async fn a_refresh_token_lives_thirty_days_by_default() {
    let app = TestApp::start().await;
    let (early, late) = (app.newcomer("alice").await, app.newcomer("bob").await);
    app.clock.advance(ALMOST[1]);
    assert_eq!(app.refresh(&early.refresh).await.status, 200);
    app.clock.advance(SECOND);

    assert_eq!(app.refresh(&late.refresh).await.status, 401);
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
