//! Guessing: five wrong passwords are free, then each costs time.

use std::time::Duration;

use crate::support::{PASSWORD, TestApp};

#[actix_web::test]
async fn after_five_wrong_passwords_even_the_right_one_waits() {
    let app = TestApp::start().await;
    app.register("alice").await;
    for _ in 0..5 {
        assert_eq!(app.try_log_in("alice", "wrong").await.status, 401);
    }

    let throttled = app.try_log_in("alice", PASSWORD).await;

    assert_eq!((throttled.status.as_u16(), &*throttled.code()), (429, "too_many_attempts"));
    assert_eq!(throttled.header("retry-after"), Some("1"));
    assert_eq!(throttled.json()["error"], "temporarily_unavailable");
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(app.try_log_in("alice", PASSWORD).await.status, 200);
    // The right password has cleared the failures.
    assert_eq!(app.try_log_in("alice", "wrong").await.status, 401);
    assert_eq!(app.try_log_in("alice", PASSWORD).await.status, 200);
}

#[actix_web::test]
async fn others_tokens_and_registrations_are_left_alone() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;
    app.register("bob").await;
    for _ in 0..6 {
        app.try_log_in("alice", "wrong").await;
    }

    assert_eq!(app.try_log_in("bob", PASSWORD).await.status, 200);
    assert_eq!(app.me(&tokens.access).await.status, 200);
    assert_eq!(app.refresh(&tokens.refresh).await.status, 200);
    assert_eq!(app.register("carol").await.status, 201);
    assert_eq!(app.sessions(&tokens.access).await.len(), 1);
}
