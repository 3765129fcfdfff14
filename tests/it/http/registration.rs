//! `POST /users/`.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

fn flat(email: &str, username: &str, password: &str) -> Value {
    json!({ "email": email, "username": username, "password": password })
}

/// The mistakes that the answer lists: the type, place and message of each.
fn mistakes(body: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let place = |loc: &Value| {
        let names: Vec<_> = loc.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        names.join(".")
    };
    let entries = body["detail"].as_array().unwrap();
    entries.iter().map(|entry| (text(&entry["type"]), place(&entry["loc"]), text(&entry["msg"]))).collect()
}

#[actix_web::test]
async fn both_shapes_of_body_create_the_same_user() {
    let app = TestApp::start().await;
    let nested = json!({ "user": { "email": "bob@example.com", "username": "bob" }, "password": PASSWORD });

    let first = app.post("/users/", None, &flat("Alice@example.com", "Alice", PASSWORD)).await;
    let second = app.post("/users", None, &nested).await;

    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    let user = |id: i64, email: &str, username: &str| {
        json!({
            "id": id, "email": email, "username": username, "role": "user", "disabled": false,
            "created_at": "2026-11-22T07:15:00Z",
        })
    };
    assert_eq!(first.json(), user(1, "Alice@example.com", "Alice"));
    assert_eq!(second.json(), user(2, "bob@example.com", "bob"));
    assert_eq!(first.header("location"), Some("/users/1"));
    assert_eq!(second.header("location"), Some("/users/2"));
    assert_eq!(first.header("cache-control"), Some("no-store"));
    app.log_in("alice").await;
    app.log_in("bob").await;
}

#[actix_web::test]
async fn what_a_body_says_about_hash_id_role_or_state_is_ignored() {
    let app = TestApp::start().await;
    let hash = "$2b$04$abcdefghijklmnopqrstuuQ2GZ1UNhVHiHnMhvMqnmf3ihHsTdyyy";
    let more = json!({
        "id": 77, "hashed_password": hash, "role": "admin", "disabled": true, "nickname": "al",
        "created_at": "1999-01-01T00:00:00Z",
    });
    let mut bodies = [
        flat("alice@example.com", "alice", PASSWORD),
        json!({ "user": { "email": "bob@example.com", "username": "bob" }, "password": PASSWORD }),
    ];
    bodies[0].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    bodies[1]["user"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());

    for (body, name) in bodies.iter().zip(["alice", "bob"]) {
        let answer = app.post("/users/", None, body).await;

        assert_eq!(answer.status, 201);
        let user = answer.json();
        assert!(user["id"].as_i64().unwrap() < 77);
        assert_eq!(user["role"], "user");
        assert_eq!(user["disabled"], false);
        assert_eq!(user["created_at"], "2026-11-22T07:15:00Z");
        app.log_in(name).await;
    }
}

#[actix_web::test]
async fn every_mistake_is_named_in_one_answer() {
    let app = TestApp::start().await;
    let mail = "value is not a valid email address";
    let name =
        "username should be 1 to 64 letters, digits, '.', '_' or '-', and begin with a letter or digit";
    let (short, long) =
        ("String should have at least 8 characters", "Password should have at most 1024 bytes");
    let same = "Password should differ from the username and the email address";
    let common = "Password should not be one of the most common";
    let text = "Input should be a valid string";
    let object = "Input should be a valid dictionary or object to extract fields from";
    let required = "Field required";
    for (body, expected) in [
        (
            json!({}),
            vec![
                ("missing", "body.email", required),
                ("missing", "body.username", required),
                ("missing", "body.password", required),
            ],
        ),
        (
            flat("nobody", "-x", "s3cr3t!"),
            vec![
                ("value_error", "body.email", mail),
                ("value_error", "body.username", name),
                ("string_too_short", "body.password", short),
            ],
        ),
        (
            json!({ "user": { "email": 1 }, "password": null }),
            vec![
                ("string_type", "body.user.email", text),
                ("missing", "body.user.username", required),
                ("string_type", "body.password", text),
            ],
        ),
        (json!({ "user": [], "password": PASSWORD }), vec![("model_attributes_type", "body.user", object)]),
        (json!({ "user": null, "password": PASSWORD }), vec![("model_attributes_type", "body.user", object)]),
        (json!([]), vec![("model_attributes_type", "body", object)]),
        (flat("a@example.com", "a", &"x".repeat(1025)), vec![("string_too_long", "body.password", long)]),
        (flat("a@example.com", "a", "ありがとう"), vec![("string_too_short", "body.password", short)]),
        (flat("a@example.com", "Long-Name", "long-NAME"), vec![("value_error", "body.password", same)]),
        (flat("Mail@example.com", "a", "mail@EXAMPLE.com"), vec![("value_error", "body.password", same)]),
        (flat("a@example.com", "a", "12345678"), vec![("password_too_common", "body.password", common)]),
        (flat("a@example.com", "a", "PASSWORD1"), vec![("password_too_common", "body.password", common)]),
        (
            flat("a@example.com", "a", "nul\0nul\0nul"),
            vec![("value_error", "body.password", "Password should not contain a NUL character")],
        ),
        (flat("a@localhost", "a", PASSWORD), vec![("value_error", "body.email", mail)]),
        (flat("a@b.com\r\nBcc: x", "a", PASSWORD), vec![("value_error", "body.email", mail)]),
        (flat("a@example.com", &"x".repeat(65), PASSWORD), vec![("value_error", "body.username", name)]),
        (flat("a@example.com", "ålice", PASSWORD), vec![("value_error", "body.username", name)]),
        (flat("a@example.com", "me/password", PASSWORD), vec![("value_error", "body.username", name)]),
    ] {
        let answer = app.post("/users/", None, &body).await;

        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.code(), "validation_error");
        let found = mistakes(&answer.json());
        let found: Vec<_> = found.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
        assert_eq!(found, expected, "{body}");
        assert!(!answer.body.contains("s3cr3t!") && !answer.body.contains("ありがとう"), "{}", answer.body);
    }
}

#[actix_web::test]
async fn the_shortest_password_is_the_configured_one() {
    let app = TestApp::start_with(|config| config.password.min_length = 12).await;

    let short = app.post("/users/", None, &flat("a@example.com", "a", "elevenchars")).await;
    let enough = app.post("/users/", None, &flat("a@example.com", "a", "twelve chars")).await;

    assert_eq!(short.status, 422);
    assert!(short.body.contains("at least 12 characters"));
    assert_eq!(enough.status, 201);
}

#[actix_web::test]
async fn a_password_counts_to_its_last_byte() {
    let app = TestApp::start().await;
    for (index, length) in [8_usize, 71, 72, 73, 100, 1024].into_iter().enumerate() {
        let (name, password) = (format!("u{index}"), format!("{}!", "p".repeat(length - 1)));
        let body = flat(&format!("{name}@example.com"), &name, &password);
        assert_eq!(app.post("/users/", None, &body).await.status, 201);

        assert_eq!(app.try_log_in(&name, &password).await.status, 200, "{length}");
        let cut = &password[..length - 1];
        let changed = format!("{cut}?");
        assert_eq!(app.try_log_in(&name, cut).await.status, 401, "{length}");
        assert_eq!(app.try_log_in(&name, &changed).await.status, 401, "{length}");
    }
}

#[actix_web::test]
async fn names_and_addresses_are_taken_in_any_case() {
    let app = TestApp::start().await;
    app.newcomer("alice").await;
    for (email, username, code, detail) in [
        ("alice@example.com", "bob", "email_taken", "A user with this email already exists"),
        ("ALICE@Example.COM", "bob", "email_taken", "A user with this email already exists"),
        ("bob@example.com", "alice", "username_taken", "A user with this username already exists"),
        ("bob@example.com", "ALICE", "username_taken", "A user with this username already exists"),
    ] {
        let answer = app.post("/users/", None, &flat(email, username, "another password")).await;

        assert_eq!(answer.status, 409, "{email} {username}");
        assert_eq!(answer.json(), json!({ "detail": detail, "code": code }));
    }
    assert_eq!(app.register("bob").await.json()["id"], 2);
}

#[actix_web::test]
async fn only_json_is_read() {
    let app = TestApp::start().await;
    let good = flat("alice@example.com", "alice", PASSWORD).to_string();
    for media_type in
        ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/form-data"]
    {
        let answer = app.send_body(Method::POST, "/users/", &[("content-type", media_type)], &*good).await;

        assert_eq!(answer.status, 415, "{media_type}");
        assert_eq!(answer.code(), "unsupported_media_type");
    }
    let untyped = app.send_body(Method::POST, "/users/", &[], &*good).await;
    assert_eq!(untyped.status, 415);
    let nothing = app.send(Method::POST, "/users/", None).await;
    assert_eq!((nothing.status.as_u16(), &*nothing.code()), (422, "validation_error"));
    let headers = [("content-type", "Application/JSON; charset=utf-8")];
    assert_eq!(app.send_body(Method::POST, "/users/", &headers, &*good).await.status, 201);
}

#[actix_web::test]
async fn malformed_json_is_named_as_such() {
    let app = TestApp::start().await;
    for body in ["", "{", "{\"email\": }", "{} {}", "not json", "{\"a\":1,\"a\":2}"] {
        let answer =
            app.send_body(Method::POST, "/users/", &[("content-type", "application/json")], body).await;

        assert_eq!(answer.status, 422, "{body}");
        let json = answer.json();
        assert_eq!(json["code"], "validation_error");
        assert_eq!(json["detail"][0]["type"], "json_invalid", "{body}");
        assert_eq!(json["detail"][0]["loc"], json!(["body"]));
    }
}

#[actix_web::test]
async fn a_body_may_have_64_kib_and_not_a_byte_more() {
    let app = TestApp::start().await;
    let start = r#"{"email":"a@example.com","username":"a","password":"long enough","x":""#;
    let body = |length: usize| format!("{start}{}\"}}", "x".repeat(length - start.len() - 2));
    let headers = [("content-type", "application/json")];

    let too_large = app.send_body(Method::POST, "/users/", &headers, body(64 * 1024 + 1)).await;
    let largest = app.send_body(Method::POST, "/users/", &headers, body(64 * 1024)).await;

    assert_eq!(too_large.status, 413);
    assert_eq!(too_large.code(), "payload_too_large");
    assert_eq!(largest.status, 201, "{}", largest.body);
}
