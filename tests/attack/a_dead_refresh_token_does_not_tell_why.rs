//! Once: the holder of a refresh token of an ended session was told why it had ended: that its owner had
//! logged out, changed the password, or noticed the theft.

use std::time::Duration;

use actix_web::http::Method;
use serde_json::json;

use crate::support::{PASSWORD, TestApp, Tokens};

#[actix_web::test]
async fn every_dead_token_is_answered_as_one_that_never_was() {
    let app = TestApp::start().await;
    let never = app.refresh("never").await;
    let mut dead = Vec::new();

    let tokens = app.newcomer("logout").await;
    app.send(Method::POST, "/logout", Some(&tokens.access)).await;
    dead.push(("logout", tokens.refresh));

    let tokens = app.newcomer("revoked").await;
    app.form("/revoke", &[("token", &*tokens.refresh)]).await;
    dead.push(("revoked", tokens.refresh));

    let (tokens, other) = (app.newcomer("changed").await, app.log_in("changed").await);
    let body = json!({"current_password": PASSWORD, "new_password": "another long passphrase"});
    assert!(app.post("/users/me/password", Some(&other.access), &body).await.status.is_success());
    dead.push(("password_changed", tokens.refresh));

    let first = app.newcomer("reused").await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    app.clock.advance(Duration::from_secs(11));
    assert_eq!(app.refresh(&first.refresh).await.code(), "refresh_token_reused");
    dead.push(("reused, the old one", first.refresh));
    dead.push(("reused, the current one", second.refresh));

    let tokens = app.newcomer("deleted").await;
    app.send_json(Method::DELETE, "/users/me", Some(&tokens.access), &json!({"password": PASSWORD})).await;
    dead.push(("deleted", tokens.refresh));

    let expired = app.newcomer("expired").await;
    app.clock.advance(Duration::from_hours(30 * 24));
    dead.push(("expired", expired.refresh));

    for (what, token) in dead {
        let answer = app.refresh(&token).await;
        assert_eq!((answer.status, answer.json()), (never.status, never.json()), "{what}");
    }
}
