//! A program that creates accounts, or looks for taken names, reaches a limit. A class behind one address
//! does not.

use std::time::Duration;

use actix_web::http::Method;
use serde_json::json;

use crate::support::{PASSWORD, Response, TestApp, wire::JSON};

async fn register_from(app: &TestApp, name: &str, ip: &str) -> Response {
    let body = json!({ "email": format!("{name}@example.com"), "username": name, "password": PASSWORD });
    let headers = [("content-type", JSON), ("x-forwarded-for", ip)];
    app.send_body(Method::POST, "/users/", &headers, body.to_string()).await
}

async fn start() -> TestApp {
    TestApp::start_with(|config| config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await
}

#[actix_web::test]
async fn a_class_behind_one_address_registers_at_once() {
    let app = start().await;
    for number in 0..30 {
        let name = format!("pupil{number}");
        assert_eq!(register_from(&app, &name, "198.51.100.7").await.status, 201, "{number}");
        // Twice another user was faster.
        for _ in 0..2 {
            assert_eq!(register_from(&app, "pupil0", "198.51.100.7").await.status, 409, "{number}");
        }
    }
}

#[actix_web::test]
async fn whoever_looks_for_taken_names_learns_no_more_than_a_hundred() {
    let app = start().await;
    register_from(&app, "alice", "192.0.2.1").await;

    for number in 0..100 {
        let ip = format!("198.51.100.{number}");
        assert_eq!(register_from(&app, "alice", &ip).await.status, 409, "{number}");
    }

    for name in ["alice", "nobody"] {
        let answer = register_from(&app, name, "198.51.100.200").await;
        assert_eq!((answer.status.as_u16(), &*answer.code()), (429, "too_many_attempts"), "{name}");
        assert_eq!(answer.header("retry-after"), Some("60"), "{name}");
    }
    assert_eq!(register_from(&app, "bob", "192.0.2.1").await.status, 201);
    // Logins are counted separately.
    let headers = [("content-type", crate::support::wire::FORM), ("x-forwarded-for", "198.51.100.200")];
    let form = format!("username=alice&password={}", PASSWORD.replace(' ', "+"));
    assert_eq!(app.send_body(Method::POST, "/token", &headers, form).await.status, 200);
    app.clock.advance(Duration::from_mins(1));
    assert_eq!(register_from(&app, "carol", "198.51.100.200").await.status, 201);
    assert_eq!(register_from(&app, "dave", "198.51.100.200").await.status, 429);
}

#[actix_web::test]
async fn a_change_of_address_is_no_way_to_look_for_taken_ones() {
    let app = start().await;
    let mallory = app.newcomer("mallory").await;
    app.register("alice").await;
    let change = json!({ "email": "alice@example.com", "current_password": PASSWORD });

    let mut answers = Vec::new();
    for _ in 0..100 {
        answers.push(app.patch("/users/me", Some(&mallory.access), &change).await.status.as_u16());
    }

    // The two registrations came from there, too.
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 98, "{answers:?}");
    assert_eq!(answers[98..], [429, 429]);
}

#[actix_web::test]
async fn the_networks_of_one_site_are_limited_together() {
    let app = start().await;
    register_from(&app, "alice", "192.0.2.1").await;

    for number in 0..1_000 {
        let answer = register_from(&app, "alice", &format!("2001:db8:1:{number:x}::1")).await;
        assert_eq!(answer.status, 409, "{number}");
    }

    let answer = register_from(&app, "alice", "2001:db8:1:ffff::1").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, Some("6")));
    assert_eq!(register_from(&app, "bob", "2001:db8:2::1").await.status, 201);
}

#[actix_web::test]
async fn a_refused_registration_costs_no_hash() {
    let app = start().await;
    for _ in 0..100 {
        register_from(&app, "alice", "198.51.100.7").await;
    }
    // No hash thread is free, so only requests that need none can be answered.
    let anybody = || {
        let origin = sekisho::domain::RequestOrigin::default();
        app.sekisho.passwords().slot(sekisho::actors::password::FlowKey::registration(&origin))
    };
    let slots = futures_util::future::join_all((0..app.sekisho.passwords().slots()).map(|_| anybody())).await;

    assert_eq!(register_from(&app, "nobody", "198.51.100.7").await.status, 429);
    drop(slots);
}
