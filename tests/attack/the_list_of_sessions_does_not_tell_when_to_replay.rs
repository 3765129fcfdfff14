//! Once: `last_used_at` and `expires_at` told a thief with a stolen access token when the owner refreshed.
//! The thief presented the token that was just replaced, and got the current one within the grace period,
//! again and again.

use std::time::Duration;

use serde_json::Value;

use crate::support::{TestApp, Tokens};

const SECOND: Duration = Duration::from_secs(1);

#[actix_web::test]
async fn nothing_in_the_lists_changes_before_the_grace_is_over() {
    for grace in [10, 300] {
        let app =
            TestApp::start_with(|config| config.session.refresh_grace = Duration::from_secs(grace)).await;
        let root = app.administrator("root").await;
        let owner = app.newcomer("alice").await;
        let stolen = owner.access.clone();
        app.clock.advance(Duration::from_mins(20));
        let by_admin = format!("/users/{}/sessions", app.id_of(&stolen).await);
        let see = async || -> [Value; 2] {
            let session = |list: Value| {
                let item = &list["items"][0];
                Value::from(vec![item["last_used_at"].clone(), item["expires_at"].clone()])
            };
            [
                session(app.get("/users/me/sessions", Some(&stolen)).await.json()),
                session(app.get(&by_admin, Some(&root.access)).await.json()),
            ]
        };
        let before = see().await;

        let refreshed = app.refresh(&owner.refresh).await;
        for _ in 0..=grace.max(60) {
            assert_eq!(see().await, before, "grace {grace}");
            app.clock.advance(SECOND);
        }
        let stolen_too_late = app.refresh(&owner.refresh).await;

        assert_eq!(stolen_too_late.code(), "refresh_token_reused", "grace {grace}");
        assert_eq!(app.me(&Tokens::of(&refreshed).access).await.status, 401);
    }
}

#[actix_web::test]
async fn a_use_is_told_a_minute_or_two_later() {
    let app = TestApp::start().await;
    let mut tokens = app.newcomer("alice").await;
    app.clock.advance(Duration::from_mins(10));
    tokens = Tokens::of(&app.refresh(&tokens.refresh).await);

    app.clock.advance(Duration::from_mins(2));

    let session = &app.sessions(&tokens.access).await[0];
    assert_eq!(session["last_used_at"], "2026-11-22T07:25:00Z");
    assert_eq!(session["expires_at"], "2026-12-22T07:25:00Z");
}
