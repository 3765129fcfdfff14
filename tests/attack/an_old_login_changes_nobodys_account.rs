//! A stolen administrator's token is valid for half an hour, and with the refresh token for longer. It must
//! not be enough to make oneself an administrator, or to remove one.

use std::time::Duration;

use actix_web::http::Method;
use serde_json::json;

use crate::support::{TestApp, Tokens};

#[actix_web::test]
async fn an_old_login_changes_nobodys_account() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    let mallory = app.newcomer("mallory").await;
    let path = format!("/users/{}", app.id_of(&mallory.access).await);
    app.clock.advance(Duration::from_mins(11));

    for stolen in [root.access.clone(), Tokens::of(&app.refresh(&root.refresh).await).access] {
        for (method, body) in [
            (Method::PATCH, json!({ "role": "admin" })),
            (Method::PATCH, json!({ "disabled": true })),
            (Method::PATCH, json!({ "email": "mallory@elsewhere.test" })),
            (Method::DELETE, json!({})),
        ] {
            let answer = app.send_json(method.clone(), &path, Some(&stolen), &body).await;

            let refused = (answer.status.as_u16(), &*answer.code());
            assert_eq!(refused, (401, "insufficient_user_authentication"), "{method} {body}");
        }
    }
    let me = app.me(&mallory.access).await.json();
    assert_eq!((&me["role"], &me["email"]), (&json!("user"), &json!("mallory@example.com")));
}

#[actix_web::test]
async fn a_clock_that_is_set_back_makes_no_login_young() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    let mallory = app.newcomer("mallory").await;
    let path = format!("/users/{}", app.id_of(&mallory.access).await);
    app.clock.rewind(Duration::from_hours(24));

    let promotion = app.patch(&path, Some(&root.access), &json!({ "role": "admin" })).await;

    assert_eq!(promotion.code(), "insufficient_user_authentication");
}
