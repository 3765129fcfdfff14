//! Somebody must be able to administer, whatever anybody does.

use actix_web::http::Method;
use futures_util::future::join_all;
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
async fn a_disabled_admin_is_no_other_admin() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    let deputy = app.administrator("deputy").await;
    let deputy_id = app.id_of(&deputy.access).await;
    app.patch(&format!("/users/{deputy_id}"), Some(&root.access), &json!({ "disabled": true })).await;

    for (method, path, body) in farewells(app.id_of(&root.access).await) {
        let answer = app.send_json(method.clone(), &path, Some(&root.access), &body).await;

        assert_eq!(answer.code(), "last_admin", "{method} {path} {body}");
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

#[actix_web::test]
async fn two_admins_who_dismiss_each_other_leave_one() {
    for _ in 0..5 {
        let app = TestApp::start().await;
        let admins = [app.administrator("root").await, app.administrator("deputy").await];
        let ids = [app.id_of(&admins[0].access).await, app.id_of(&admins[1].access).await];
        let body = json!({ "role": "user" });
        let paths = [format!("/users/{}", ids[1]), format!("/users/{}", ids[0])];

        let answers = join_all((0..2).map(|i| app.patch(&paths[i], Some(&admins[i].access), &body))).await;

        let statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        let mut left = 0;
        for tokens in &admins {
            left += u32::from(app.get("/users", Some(&tokens.access)).await.status == 200);
        }
        assert_eq!(left, 1);
    }
}
