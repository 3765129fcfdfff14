//! `/users/me` and `/users/me/password`.

use std::time::Duration;

use actix_web::http::Method;
use serde_json::json;

use crate::support::{PASSWORD, START, TestApp, Tokens};

const NEW: &str = "a wholly new password";

#[actix_web::test]
async fn the_account_is_shown_to_its_owner() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;

    let answer = app.me(&tokens.access).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        answer.json(),
        json!({
            "id": 1, "email": "alice@example.com", "username": "alice", "role": "user", "disabled": false,
            "created_at": START.to_string(),
        })
    );
}

#[actix_web::test]
async fn the_address_changes_and_the_old_one_is_free() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;

    let change = json!({ "email": "new@example.com", "current_password": PASSWORD });
    let changed = app.patch("/users/me", Some(&tokens.access), &change).await;

    assert_eq!(changed.status, 200);
    assert_eq!(changed.json()["email"], "new@example.com");
    assert_eq!(app.me(&tokens.access).await.json()["email"], "new@example.com");
    assert_eq!(app.try_log_in("new@example.com", PASSWORD).await.status, 200);
    assert_eq!(app.try_log_in("alice@example.com", PASSWORD).await.status, 401);
    let body = json!({ "email": "alice@example.com", "username": "alice2", "password": PASSWORD });
    assert_eq!(app.post("/users/", None, &body).await.status, 201);
}

#[actix_web::test]
async fn an_address_that_is_none_or_somebody_elses_is_refused() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;
    app.register("bob").await;
    for (body, status, code, kind) in [
        (json!({ "email": "BOB@example.com", "current_password": PASSWORD }), 409, "email_taken", None),
        (json!({ "email": "nobody" }), 422, "validation_error", Some("value_error")),
        (json!({ "email": null }), 422, "validation_error", Some("string_type")),
        (json!({ "email": "new@example.com" }), 422, "validation_error", Some("missing")),
        (
            json!({ "email": "new@example.com", "current_password": 1 }),
            422,
            "validation_error",
            Some("string_type"),
        ),
        (json!({ "username": "mallory" }), 422, "validation_error", Some("missing")),
        (json!({}), 422, "validation_error", Some("missing")),
        (json!("text"), 422, "validation_error", Some("model_attributes_type")),
    ] {
        let answer = app.patch("/users/me", Some(&tokens.access), &body).await;

        assert_eq!((answer.status.as_u16(), &*answer.code()), (status, code), "{body}");
        assert_eq!(answer.json()["detail"][0]["type"].as_str(), kind, "{body}");
    }
    // The user's own address, in another case, is not taken by another user.
    let change = json!({ "email": "ALICE@example.com", "current_password": PASSWORD });
    let own = app.patch("/users/me", Some(&tokens.access), &change).await;
    assert_eq!(own.json()["email"], "ALICE@example.com");
}

#[actix_web::test]
async fn nobody_can_rename_promote_or_enable_themselves() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;
    let body = json!({
        "email": "alice@example.com", "current_password": PASSWORD,
        "username": "root", "role": "admin", "id": 9, "disabled": true,
    });

    let answer = app.patch("/users/me", Some(&tokens.access), &body).await;

    assert_eq!(answer.status, 200);
    let user = answer.json();
    assert_eq!((&user["username"], &user["role"], &user["id"]), (&json!("alice"), &json!("user"), &json!(1)));
    assert_eq!(user["disabled"], false);
}

#[actix_web::test]
async fn a_changed_password_ends_every_session_and_opens_a_new_one() {
    let app = TestApp::start().await;
    let (here, there) = (app.newcomer("alice").await, app.log_in("alice").await);
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });

    let answer = app.post("/users/me/password", Some(&here.access), &body).await;

    let new = Tokens::of(&answer);
    assert_eq!((&answer.json()["token_type"], &answer.json()["scope"]), (&json!("bearer"), &json!("user")));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for tokens in [&here, &there] {
        assert_eq!(app.me(&tokens.access).await.status, 401);
        let refused = app.refresh(&tokens.refresh).await;
        assert_eq!((refused.status.as_u16(), &*refused.code()), (401, "invalid_grant"));
        assert_eq!(refused.json()["detail"], "The refresh token is invalid");
    }
    assert_eq!(app.me(&new.access).await.status, 200);
    assert_eq!(app.refresh(&new.refresh).await.status, 200);
    assert_eq!(app.sessions(&new.access).await.len(), 1);
    assert_eq!(app.try_log_in("alice", PASSWORD).await.status, 401);
    assert_eq!(app.try_log_in("alice", NEW).await.status, 200);
}

#[actix_web::test]
async fn a_new_password_obeys_the_rules() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice-long").await;
    for (body, expected) in [
        (json!({}), vec![("missing", "current_password"), ("missing", "new_password")]),
        (
            json!({ "current_password": 1, "new_password": "short" }),
            vec![("string_type", "current_password"), ("string_too_short", "new_password")],
        ),
        (
            json!({ "current_password": PASSWORD, "new_password": "x".repeat(1025) }),
            vec![("string_too_long", "new_password")],
        ),
        (
            json!({ "current_password": PASSWORD, "new_password": "iloveyou" }),
            vec![("password_too_common", "new_password")],
        ),
        (
            json!({ "current_password": PASSWORD, "new_password": "ALICE-long" }),
            vec![("value_error", "new_password")],
        ),
        (
            json!({ "current_password": PASSWORD, "new_password": "alice-long@EXAMPLE.com" }),
            vec![("value_error", "new_password")],
        ),
        (
            json!({ "current_password": PASSWORD, "new_password": "nul\0nul\0nul" }),
            vec![("value_error", "new_password")],
        ),
    ] {
        let answer = app.post("/users/me/password", Some(&tokens.access), &body).await;

        assert_eq!((answer.status.as_u16(), &*answer.code()), (422, "validation_error"), "{body}");
        let json = answer.json();
        let found: Vec<_> = json["detail"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (entry["type"].as_str().unwrap(), entry["loc"][1].as_str().unwrap()))
            .collect();
        assert_eq!(found, expected, "{body}");
    }
    assert_eq!(app.try_log_in("alice-long", PASSWORD).await.status, 200);
}

#[actix_web::test]
async fn a_wrong_current_password_is_a_failed_login() {
    for (method, path, status) in [
        (Method::POST, "/users/me/password", 200),
        (Method::PATCH, "/users/me", 200),
        (Method::DELETE, "/users/me", 204),
    ] {
        let app = TestApp::start().await;
        let tokens = app.newcomer("alice").await;
        let body = |password: &str| {
            json!({
                "current_password": password, "new_password": NEW, "password": password,
                "email": "new@example.com",
            })
        };

        for _ in 0..5 {
            let answer = app.send_json(method.clone(), path, Some(&tokens.access), &body("wrong")).await;
            assert_eq!((answer.status.as_u16(), &*answer.code()), (403, "wrong_password"), "{path}");
        }
        let sixth = app.send_json(method.clone(), path, Some(&tokens.access), &body(PASSWORD)).await;
        let login = app.try_log_in("alice", PASSWORD).await;

        assert_eq!((sixth.status.as_u16(), &*sixth.code()), (429, "too_many_attempts"), "{path}");
        assert_eq!(sixth.header("retry-after"), Some("1"));
        assert_eq!(login.status, 429);
        assert_eq!(app.me(&tokens.access).await.status, 200);
        app.clock.advance(Duration::from_secs(1));
        let answer = app.send_json(method.clone(), path, Some(&tokens.access), &body(PASSWORD)).await;
        assert_eq!(answer.status, status, "{path}");
    }
}

#[actix_web::test]
async fn ones_own_account_takes_the_scope_user() {
    let app = TestApp::start().await;
    app.administrator("root").await;
    app.administrator("deputy").await;
    let admin_alone = app.log_in_for("root", "admin").await;
    let body = json!({
        "current_password": PASSWORD, "new_password": NEW, "password": PASSWORD, "email": "new@example.com",
    });

    for (method, path) in [
        (Method::PATCH, "/users/me"),
        (Method::DELETE, "/users/me"),
        (Method::POST, "/users/me/password"),
        (Method::GET, "/users/me/sessions"),
        (Method::DELETE, "/users/me/sessions"),
        (Method::DELETE, "/users/me/sessions/1"),
    ] {
        let answer = app.send_json(method.clone(), path, Some(&admin_alone.access), &body).await;

        let refused = (answer.status.as_u16(), &*answer.code());
        assert_eq!(refused, (403, "insufficient_permissions"), "{method} {path}");
        let challenge = r#"Bearer error="insufficient_scope", scope="user""#;
        assert_eq!(answer.header("www-authenticate"), Some(challenge), "{method} {path}");
    }
    // A token of any scope may ask for its user, and log out.
    assert_eq!(app.me(&admin_alone.access).await.json()["email"], "root@example.com");
    let log_out = app.send(Method::POST, "/logout", Some(&admin_alone.access)).await;
    assert_eq!(log_out.status, 204);
}

#[actix_web::test]
async fn a_deleted_account_is_gone_and_its_name_is_never_given_again() {
    let app = TestApp::start().await;
    let (here, there) = (app.newcomer("alice").await, app.log_in("alice").await);

    let missing = app.send_json(Method::DELETE, "/users/me", Some(&here.access), &json!({})).await;
    let answer = app
        .send_json(Method::DELETE, "/users/me", Some(&here.access), &json!({ "password": PASSWORD }))
        .await;

    assert_eq!(missing.status, 422);
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
    for tokens in [&here, &there] {
        assert_eq!(app.me(&tokens.access).await.code(), "invalid_token");
        assert_eq!(app.refresh(&tokens.refresh).await.code(), "invalid_grant");
    }
    assert_eq!(app.try_log_in("alice", PASSWORD).await.code(), "invalid_grant");
    let again = json!({ "email": "other@example.com", "username": "ALICE", "password": PASSWORD });
    assert_eq!(app.post("/users/", None, &again).await.code(), "username_taken");
    let address = json!({ "email": "alice@example.com", "username": "second", "password": PASSWORD });
    assert_eq!(app.post("/users/", None, &address).await.status, 201);
}
