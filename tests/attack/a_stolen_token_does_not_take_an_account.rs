//! A service, or a thief, holds a user's access token. It must not be enough to take over the account: to
//! change its login names or to delete it.

use actix_web::http::Method;
use serde_json::json;

use crate::support::{PASSWORD, TestApp};

#[actix_web::test]
async fn a_stolen_token_does_not_take_an_account() {
    let app = TestApp::start().await;
    let stolen = app.newcomer("alice").await.access;

    for (body, status) in [
        (json!({ "email": "mallory@example.com" }), 422),
        (json!({ "email": "mallory@example.com", "current_password": "" }), 403),
        (json!({ "email": "mallory@example.com", "current_password": "a guess" }), 403),
    ] {
        let answer = app.patch("/users/me", Some(&stolen), &body).await;
        assert_eq!(answer.status, status, "{body}");
    }

    assert_eq!(app.me(&stolen).await.json()["email"], "alice@example.com");
    assert_eq!(app.try_log_in("mallory@example.com", PASSWORD).await.status, 401);
}

#[actix_web::test]
async fn a_token_without_the_scope_user_deletes_no_account() {
    let app = TestApp::start().await;
    app.administrator("root").await;
    app.administrator("deputy").await;
    let for_administration = app.log_in_for("deputy", "admin").await.access;

    let goodbye = json!({ "password": PASSWORD });
    let deletion = app.send_json(Method::DELETE, "/users/me", Some(&for_administration), &goodbye).await;

    assert_eq!((deletion.status.as_u16(), &*deletion.code()), (403, "insufficient_permissions"));
    assert_eq!(app.me(&for_administration).await.status, 200);
}
