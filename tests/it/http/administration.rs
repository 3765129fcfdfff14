//! `/users/{id}` and the other operations of administrators.

use std::time::Duration;

use actix_web::http::Method;
use serde_json::json;

use crate::support::{PASSWORD, TestApp, Tokens};

/// Every operation of administration, on the user `{id}`.
const OPERATIONS: [(&str, &str); 6] = [
    ("GET", "/users"),
    ("GET", "/users/{id}"),
    ("PATCH", "/users/{id}"),
    ("DELETE", "/users/{id}"),
    ("GET", "/users/{id}/sessions"),
    ("DELETE", "/users/{id}/sessions"),
];

async fn is_forbidden_everything(app: &TestApp, token: &str, id: i64) {
    for (method, path) in OPERATIONS {
        let path = path.replace("{id}", &id.to_string());
        let method: Method = method.parse().unwrap();
        let answer = app.send_json(method.clone(), &path, Some(token), &json!({ "disabled": true })).await;

        assert_eq!(
            (answer.status.as_u16(), &*answer.code()),
            (403, "insufficient_permissions"),
            "{method} {path}"
        );
        let challenge = r#"Bearer error="insufficient_scope", scope="admin""#;
        assert_eq!(answer.header("www-authenticate"), Some(challenge));
        assert!(!answer.body.contains("example.com"), "{}", answer.body);
    }
}

#[actix_web::test]
async fn nobody_without_role_and_scope_administers() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    let deputy = app.administrator("deputy").await;
    let user = app.newcomer("alice").await;
    let id = app.id_of(&user.access).await;
    let narrowed = app.log_in_for("root", "user").await;
    let unasked = app.log_in("root").await;
    let deputy_id = app.id_of(&deputy.access).await;
    let demotion =
        app.patch(&format!("/users/{deputy_id}"), Some(&root.access), &json!({ "role": "user" })).await;
    assert_eq!((demotion.status.as_u16(), &demotion.json()["role"]), (200, &json!("user")));

    is_forbidden_everything(&app, &user.access, id).await;
    is_forbidden_everything(&app, &narrowed.access, id).await;
    is_forbidden_everything(&app, &unasked.access, id).await;
    // The token was issued to an administrator and says so, but the user no longer has the role.
    is_forbidden_everything(&app, &deputy.access, id).await;

    assert_eq!(app.me(&user.access).await.json()["disabled"], false);
    assert_eq!(app.me(&deputy.access).await.status, 200);
    let refreshed = app.refresh(&deputy.refresh).await;
    assert_eq!(refreshed.json()["scope"], "user");
}

#[actix_web::test]
async fn what_cannot_be_taken_back_takes_a_password_of_the_last_ten_minutes() {
    let app = TestApp::start().await;
    let mut root = app.administrator("root").await;
    let alice = app.newcomer("alice").await;
    let path = format!("/users/{}", app.id_of(&alice.access).await);
    let changes = [
        ("PATCH", json!({ "role": "admin" })),
        ("PATCH", json!({ "disabled": true })),
        ("PATCH", json!({ "disabled": false })),
        ("PATCH", json!({ "email": "mallory@example.com" })),
        ("DELETE", json!({})),
    ];

    app.clock.advance(Duration::from_mins(10));
    let at_the_last_moment = app.patch(&path, Some(&root.access), &json!({ "role": "user" })).await;
    app.clock.advance(Duration::from_secs(1));
    // Another token of the same session is not a more recent login.
    root = Tokens::of(&app.refresh(&root.refresh).await);

    assert_eq!(at_the_last_moment.status, 200);
    for (method, body) in changes {
        let answer = app.send_json(method.parse().unwrap(), &path, Some(&root.access), &body).await;
        let refused = (answer.status.as_u16(), &*answer.code());
        assert_eq!(refused, (401, "insufficient_user_authentication"), "{method} {body}");
        let challenge = r#"Bearer error="insufficient_user_authentication", max_age=600"#;
        assert_eq!(answer.header("www-authenticate"), Some(challenge));
    }
    assert_eq!(app.get(&path, Some(&root.access)).await.json(), app.me(&alice.access).await.json());
    // What an emergency needs, and does no lasting harm, does not need a recent login.
    assert_eq!(app.delete(&format!("{path}/sessions"), Some(&root.access)).await.status, 204);
    let again = app.log_in_for("root", "admin").await;
    assert_eq!(app.delete(&path, Some(&again.access)).await.status, 204);
}

#[actix_web::test]
async fn a_user_is_shown_and_changed() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    let alice = app.newcomer("alice").await;
    let path = format!("/users/{}", app.id_of(&alice.access).await);
    let own = app.me(&alice.access).await.body;

    let shown = app.get(&path, Some(&root.access)).await;
    let change = json!({ "role": "admin", "email": "al@example.com", "username": "ignored", "id": 99 });
    let changed = app.patch(&path, Some(&root.access), &change).await;
    let unchanged = app.patch(&path, Some(&root.access), &json!({})).await;

    assert_eq!((shown.status.as_u16(), shown.body), (200, own));
    assert_eq!(changed.status, 200);
    assert_eq!(
        (&changed.json()["role"], &changed.json()["email"]),
        (&json!("admin"), &json!("al@example.com"))
    );
    assert_eq!(changed.json()["username"], "alice");
    assert_eq!(unchanged.body, changed.body);
    // A token from before the promotion does not gain scope by it.
    assert_eq!(app.get("/users", Some(&alice.access)).await.status, 403);
    let as_admin = app.log_in_for("alice", "admin").await;
    assert_eq!(app.get("/users", Some(&as_admin.access)).await.status, 200);
}

#[actix_web::test]
async fn disabling_ends_every_session_and_enabling_brings_none_back() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    let sessions = [app.newcomer("alice").await, app.log_in("alice").await];
    let path = format!("/users/{}", app.id_of(&sessions[0].access).await);

    let disabled = app.patch(&path, Some(&root.access), &json!({ "disabled": true })).await;

    assert_eq!((disabled.status.as_u16(), &disabled.json()["disabled"]), (200, &json!(true)));
    for enabled in [false, true] {
        if enabled {
            app.patch(&path, Some(&root.access), &json!({ "disabled": false })).await;
        }
        for tokens in &sessions {
            assert_eq!(app.me(&tokens.access).await.code(), "invalid_token");
            assert_eq!(app.refresh(&tokens.refresh).await.code(), "invalid_grant");
        }
        let login = app.try_log_in("alice", PASSWORD).await;
        assert_eq!(login.status, if enabled { 200 } else { 403 });
    }
}

#[actix_web::test]
async fn a_users_sessions_are_listed_and_ended() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    let alice = app.newcomer("alice").await;
    let path = format!("/users/{}/sessions", app.id_of(&alice.access).await);

    let listed = app.get(&path, Some(&root.access)).await;
    let ended = app.delete(&path, Some(&root.access)).await;

    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!((ended.status.as_u16(), ended.body.as_str()), (204, ""));
    assert_eq!(app.me(&alice.access).await.status, 401);
    let after = app.get(&path, Some(&root.access)).await.json();
    assert_eq!(after["items"][0]["end_reason"], "revoked_by_admin");
    assert_eq!(app.delete(&path, Some(&root.access)).await.status, 204);
    assert_eq!(app.me(&root.access).await.status, 200);
}

#[actix_web::test]
async fn a_deleted_user_is_gone() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    let alice = app.newcomer("alice").await;
    let path = format!("/users/{}", app.id_of(&alice.access).await);

    let answer = app.delete(&path, Some(&root.access)).await;

    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
    assert_eq!(app.me(&alice.access).await.status, 401);
    assert_eq!(app.refresh(&alice.refresh).await.status, 401);
    for (method, suffix) in
        [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/sessions"), ("DELETE", "/sessions")]
    {
        let path = format!("{path}{suffix}");
        let answer = app.send_json(method.parse().unwrap(), &path, Some(&root.access), &json!({})).await;
        assert_eq!((answer.status.as_u16(), &*answer.code()), (404, "not_found"), "{method} {path}");
    }
    assert_eq!(app.register("alice").await.code(), "username_taken");
}

#[actix_web::test]
async fn a_number_that_is_none_is_named_and_one_of_nobody_is_not_found() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    for (method, path) in OPERATIONS.into_iter().skip(1) {
        for (id, status) in
            [("x", 422), ("1.0", 422), ("%2e", 422), ("99999999999999999999", 422), ("404", 404), ("-1", 404)]
        {
            let path = path.replace("{id}", id);
            let answer = app.send_json(method.parse().unwrap(), &path, Some(&root.access), &json!({})).await;

            assert_eq!(answer.status, status, "{method} {path}");
            if status == 422 {
                assert_eq!(answer.json()["detail"][0]["type"], "int_parsing");
                assert_eq!(answer.json()["detail"][0]["loc"], json!(["path", "id"]));
            }
        }
    }
}

#[actix_web::test]
async fn every_mistake_in_a_change_is_named_and_nothing_is_changed() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    let alice = app.newcomer("alice").await;
    let path = format!("/users/{}", app.id_of(&alice.access).await);
    let before = app.me(&alice.access).await.body;
    for (body, status, expected) in [
        (json!({ "role": "root", "email": "x", "disabled": "yes" }), 422, vec!["role", "email", "disabled"]),
        (json!({ "role": 1, "disabled": null }), 422, vec!["role", "disabled"]),
        (json!({ "email": "ROOT@example.com", "disabled": true }), 409, vec![]),
    ] {
        let answer = app.patch(&path, Some(&root.access), &body).await;

        assert_eq!(answer.status, status, "{body}");
        let json = answer.json();
        let named: Vec<_> = json["detail"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|entry| entry["loc"][1].as_str().unwrap())
            .collect();
        assert_eq!(named, expected, "{body}");
        assert_eq!(app.me(&alice.access).await.body, before);
    }
}
