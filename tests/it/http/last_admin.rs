//! There must always be an administrator, whatever any user does.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

/// Every way to stop being an administrator.
fn farewells(id: i64) -> [(Method, String, Value); 4] {
    let path = format!("/users/{id}");
    [
        (Method::PATCH, path.clone(), json!({ "role": "user" })),
        (Method::PATCH, path.clone(), json!({ "disabled": true })),
        (Method::DELETE, path, json!({})),
        (Method::DELETE, "/users/me".to_owned(), json!({ "password": PASSWORD })),
    ]
}

#[actix_web::test]
async fn the_last_admin_can_be_neither_disabled_demoted_nor_deleted() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    app.newcomer("alice").await;
    for (method, path, body) in farewells(app.id_of(&root.access).await) {
        let answer = app.send_json(method.clone(), &path, Some(&root.access), &body).await;

        assert_eq!((answer.status.as_u16(), &*answer.code()), (409, "last_admin"), "{method} {path} {body}");
        assert_eq!(app.get("/users", Some(&root.access)).await.status, 200);
    }
}

#[actix_web::test]
async fn the_last_admin_but_one_may_go_in_any_way() {
    for way in 0..4 {
        let app = TestApp::start().await;
        let root = app.administrator("root").await;
        app.administrator("deputy").await;
        let (method, path, body) = farewells(app.id_of(&root.access).await)[way].clone();

        let answer = app.send_json(method.clone(), &path, Some(&root.access), &body).await;

        assert!(answer.status.is_success(), "{method} {path} {body}: {}", answer.body);
    }
}
