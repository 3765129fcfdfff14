//! `POST /token` with a name and a password.

use std::time::Duration;

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp, wire::FORM};

#[actix_web::test]
async fn a_login_yields_a_pair_of_tokens_and_what_they_are() {
    let app = TestApp::start_with(|config| config.token.access.lifetime = Duration::from_mins(7)).await;
    app.register("alice").await;

    let answer = app
        .form("/token", &[("grant_type", "password"), ("username", "alice"), ("password", PASSWORD)])
        .await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let json = answer.json();
    assert_eq!(json["token_type"], "bearer");
    assert_eq!(json["expires_in"], 420);
    assert_eq!(json["scope"], "user");
    assert_eq!(json["access_token"].as_str().unwrap().split('.').count(), 3);
    // A byte of version, 8 of session, 256 bits of secret, 16 bytes of tag.
    assert_eq!(json["refresh_token"].as_str().unwrap().len(), 76);
    assert_eq!(json.as_object().unwrap().len(), 5);
}

#[actix_web::test]
async fn a_name_may_be_a_username_or_an_address_in_any_case() {
    let app = TestApp::start().await;
    app.register("alice").await;
    for name in ["alice", "ALICE", "alice@example.com", "Alice@EXAMPLE.com"] {
        // An absent grant type means a password, as in FastAPI's form; so does an empty one.
        for grant in [&[][..], &[("grant_type", "")], &[("grant_type", "password")]] {
            let fields = [grant, &[("username", name), ("password", PASSWORD)]].concat();

            let answer = app.form("/token", &fields).await;

            assert_eq!(answer.status, 200, "{fields:?}");
            let token = answer.json()["access_token"].as_str().unwrap().to_owned();
            assert_eq!(app.me(&token).await.json()["username"], "alice");
        }
    }
}

#[actix_web::test]
async fn client_credentials_are_accepted_and_ignored_wherever_they_stand() {
    let app = TestApp::start().await;
    app.register("alice").await;
    let plain = format!("username=alice&password={}", PASSWORD.replace(' ', "+"));
    let in_form = format!("{plain}&client_id=&client_secret=");
    let named = format!("{plain}&client_id=web&client_secret=s%26cret");
    for (authorization, body) in [
        (None, &in_form),
        (None, &named),
        // ":" and "web:secret", as Swagger UI and others send them.
        (Some("Basic Og=="), &plain),
        (Some("Basic d2ViOnNlY3JldA=="), &plain),
        (Some("Basic not base64!"), &plain),
        (Some("Bearer whatever"), &plain),
    ] {
        let mut headers = vec![("content-type", FORM)];
        headers.extend(authorization.map(|value| ("authorization", value)));

        let answer = app.send_body(Method::POST, "/token", &headers, body.as_str()).await;

        assert_eq!(answer.status, 200, "{authorization:?} {body}");
    }
}

#[actix_web::test]
async fn a_scope_narrows_and_never_widens() {
    let app = TestApp::start().await;
    app.newcomer("alice").await;
    app.administrator("root").await;
    for (name, asked, granted) in [
        ("alice", "", Ok("user")),
        ("alice", "user", Ok("user")),
        ("alice", " user  user ", Ok("user")),
        ("alice", "openid", Err(())),
        ("root", "", Ok("user")),
        ("root", "admin user", Ok("user admin")),
        ("root", "user", Ok("user")),
        ("root", "admin", Ok("admin")),
        ("root", "user root", Err(())),
    ] {
        let answer =
            app.form("/token", &[("username", name), ("password", PASSWORD), ("scope", asked)]).await;

        match granted {
            Ok(scope) => {
                assert_eq!(answer.status, 200, "{name} {asked}");
                assert_eq!(answer.json()["scope"], scope, "{name} {asked}");
            }
            Err(()) => {
                assert_eq!(answer.status, 400, "{name} {asked}");
                assert_eq!(
                    (&*answer.code(), &answer.json()["error"]),
                    ("invalid_scope", &json!("invalid_scope"))
                );
            }
        }
    }
}

#[actix_web::test]
async fn an_unknown_grant_is_unsupported() {
    let app = TestApp::start().await;
    for grant in ["client_credentials", "authorization_code", "Password", "password ", "урл"] {
        let answer =
            app.form("/token", &[("grant_type", grant), ("username", "alice"), ("password", PASSWORD)]).await;

        assert_eq!(answer.status, 400, "{grant}");
        let json = answer.json();
        assert_eq!(json["code"], "unsupported_grant_type");
        assert_eq!(json["error"], "unsupported_grant_type");
    }
}

#[actix_web::test]
async fn missing_fields_are_all_named() {
    let app = TestApp::start().await;
    for (fields, missing) in [
        (&[][..], &["username", "password"][..]),
        (&[("username", "alice")], &["password"]),
        (&[("password", "x")], &["username"]),
        // RFC 6749, section 3.2: a parameter without a value is treated as omitted.
        (&[("username", ""), ("password", "")], &["username", "password"]),
        (&[("grant_type", "refresh_token")], &["refresh_token"]),
        (&[("grant_type", "refresh_token"), ("refresh_token", "")], &["refresh_token"]),
    ] {
        let answer = app.form("/token", fields).await;

        assert_eq!(answer.status, 422, "{fields:?}");
        let json = answer.json();
        let expected: Vec<Value> = missing
            .iter()
            .map(|name| json!({ "type": "missing", "loc": ["body", name], "msg": "Field required" }))
            .collect();
        assert_eq!(json["detail"], json!(expected), "{fields:?}");
        assert_eq!((&json["code"], &json["error"]), (&json!("validation_error"), &json!("invalid_request")));
        for name in missing {
            assert!(json["error_description"].as_str().unwrap().contains(name), "{json}");
        }
    }
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let app = TestApp::start().await;
    app.register("alice").await;

    let wrong = app.try_log_in("alice", "wrong").await;
    let long = app.try_log_in("alice", &"x".repeat(5000)).await;
    let unknown = app.try_log_in("nobody", PASSWORD).await;
    let nonsense = app.try_log_in("\0' OR 1=1 --", "wrong").await;

    assert_eq!(
        wrong.json(),
        json!({
            "detail": "Incorrect username or password",
            "code": "invalid_grant",
            "error": "invalid_grant",
            "error_description": "Incorrect username or password",
        })
    );
    for other in [&long, &unknown, &nonsense] {
        assert_eq!((other.status.as_u16(), &other.body), (401, &wrong.body));
        let names = |answer: &crate::support::Response| {
            let mut names: Vec<_> = answer
                .headers
                .iter()
                .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()))
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(other), names(&wrong));
    }
    assert_eq!(wrong.header("www-authenticate"), Some("Bearer"));
}

#[actix_web::test]
async fn a_disabled_user_learns_it_only_with_the_right_password() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    let alice = app.newcomer("alice").await;
    let id = app.id_of(&alice.access).await;
    app.patch(&format!("/users/{id}"), Some(&root.access), &json!({ "disabled": true })).await;

    let right = app.try_log_in("alice", PASSWORD).await;
    let wrong = app.try_log_in("alice", "wrong").await;

    assert_eq!((right.status.as_u16(), &*right.code()), (403, "account_disabled"));
    assert_eq!(right.json()["error"], "invalid_grant");
    assert_eq!((wrong.status.as_u16(), &*wrong.code()), (401, "invalid_grant"));
}

#[actix_web::test]
async fn only_a_form_is_read() {
    let app = TestApp::start().await;
    for path in ["/token", "/revoke"] {
        let body = json!({ "username": "alice", "password": PASSWORD, "token": "x" });

        let answer = app.post(path, None, &body).await;

        assert_eq!((answer.status.as_u16(), &*answer.code()), (415, "unsupported_media_type"), "{path}");
        assert_eq!(answer.json()["error"], "invalid_request");
        let headers = [("content-type", FORM)];
        let large = app.send_body(Method::POST, path, &headers, vec![b'x'; 64 * 1024 + 1]).await;
        assert_eq!((large.status.as_u16(), &*large.code()), (413, "payload_too_large"), "{path}");
        assert_eq!(large.json()["error"], "invalid_request");
    }
}

#[actix_web::test]
async fn an_empty_body_without_a_type_is_an_empty_form() {
    let app = TestApp::start().await;
    for (path, missing) in [("/token", vec!["username", "password"]), ("/revoke", vec!["token"])] {
        let answer = app.send(Method::POST, path, None).await;

        let json = answer.json();
        let named: Vec<_> = json["detail"].as_array().unwrap().iter().map(|entry| &entry["loc"][1]).collect();
        assert_eq!((answer.status.as_u16(), &json["error"]), (422, &json!("invalid_request")), "{path}");
        assert_eq!(named, missing, "{path}");
    }
    let body = app.send_body(Method::POST, "/token", &[], "username=alice&password=x").await;
    assert_eq!((body.status.as_u16(), &*body.code()), (415, "unsupported_media_type"));
}

#[actix_web::test]
async fn the_session_of_a_login_says_where_it_came_from() {
    let app = TestApp::start().await;
    app.register("alice").await;
    let body = format!("username=alice&password={}", PASSWORD.replace(' ', "%20"));
    let agent = "Browser/1.0 (トークン) ".repeat(40);
    let headers = [("content-type", FORM), ("user-agent", "Browser/1.0"), ("x-forwarded-for", "1.2.3.4")];
    app.clock.advance(Duration::from_secs(5));

    let tokens = crate::support::Tokens::of(&app.send_body(Method::POST, "/token", &headers, &*body).await);
    let long = agent.replace("(トークン)", "(x)");
    app.send_body(Method::POST, "/token", &[("content-type", FORM), ("user-agent", &long)], &*body).await;

    let sessions = app.sessions(&tokens.access).await;
    assert_eq!(sessions[0]["user_agent"].as_str().unwrap(), &long[..256]);
    assert_eq!(sessions[1]["user_agent"], "Browser/1.0");
    assert_eq!(sessions[1]["ip"], "127.0.0.1");
    assert_eq!(sessions[1]["created_at"], "2026-11-22T07:15:05Z");
    assert_eq!(sessions[1]["expires_at"], "2026-12-22T07:15:05Z");
}
