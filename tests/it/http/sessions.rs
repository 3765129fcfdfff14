//! `/users/me/sessions`: listing sessions, and ending the others.

use std::time::Duration;

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp, Tokens};

#[actix_web::test]
async fn the_list_holds_ones_own_live_sessions_and_marks_the_current() {
    let app = TestApp::start().await;
    let (first, _stranger) = (app.newcomer("alice").await, app.newcomer("bob").await);
    app.clock.advance(Duration::from_mins(1));
    let second = app.log_in("alice").await;
    app.clock.advance(Duration::from_mins(1));
    let first = Tokens::of(&app.refresh(&first.refresh).await);

    let seen_by_first = app.sessions(&first.access).await;
    let seen_by_second = app.sessions(&second.access).await;

    let current = |list: &[Value]| list.iter().map(|s| s["current"].as_bool().unwrap()).collect::<Vec<_>>();
    assert_eq!((current(&seen_by_first), current(&seen_by_second)), (vec![false, true], vec![true, false]));
    let oldest = &seen_by_first[1];
    assert_eq!(oldest["created_at"], "2026-11-22T07:15:00Z");
    // The most recent use is not reported yet.
    assert_eq!(oldest["last_used_at"], "2026-11-22T07:15:00Z");
    assert_eq!(oldest["expires_at"], "2026-12-22T07:15:00Z");
    assert_eq!((&oldest["ended_at"], &oldest["end_reason"]), (&json!(null), &json!(null)));
    let answer = app.get("/users/me/sessions", Some(&first.access)).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for token in [&first.refresh, &first.access, &second.refresh] {
        assert!(!answer.body.contains(token.as_str()));
    }
    app.clock.advance(Duration::from_mins(2));
    let told = &app.sessions(&first.access).await[1];
    assert_eq!(told["last_used_at"], "2026-11-22T07:17:00Z");
    assert_eq!(told["expires_at"], "2026-12-22T07:17:00Z");
}

#[actix_web::test]
async fn one_session_is_ended_by_its_number() {
    let app = TestApp::start().await;
    let (here, there) = (app.newcomer("alice").await, app.log_in("alice").await);
    let id = app.sessions(&here.access).await[0]["id"].as_i64().unwrap();
    let path = format!("/users/me/sessions/{id}");

    let answer = app.delete(&path, Some(&here.access)).await;

    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
    assert_eq!(app.me(&there.access).await.status, 401);
    assert_eq!(app.refresh(&there.refresh).await.status, 401);
    assert_eq!(app.me(&here.access).await.status, 200);
    let again = app.delete(&path, Some(&here.access)).await;
    assert_eq!((again.status.as_u16(), &*again.code()), (404, "not_found"));
}

#[actix_web::test]
async fn somebody_elses_session_is_none_of_mine() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.newcomer("alice").await, app.newcomer("bob").await);
    let id = app.sessions(&bob.access).await[0]["id"].as_i64().unwrap();

    let answer = app.delete(&format!("/users/me/sessions/{id}"), Some(&alice.access)).await;

    assert_eq!((answer.status.as_u16(), &*answer.code()), (404, "not_found"));
    assert_eq!(app.me(&bob.access).await.status, 200);
    for id in ["x", "1.5", "9223372036854775808", "%00", "-", "1e3"] {
        let answer = app.delete(&format!("/users/me/sessions/{id}"), Some(&alice.access)).await;
        assert_eq!(answer.status, 422, "{id}");
        assert_eq!(answer.json()["detail"][0]["loc"], json!(["path", "id"]), "{id}");
    }
    for id in ["0", "-1", "9223372036854775807"] {
        let answer = app.delete(&format!("/users/me/sessions/{id}"), Some(&alice.access)).await;
        assert_eq!(answer.status, 404, "{id}");
    }
}

#[actix_web::test]
async fn all_others_are_ended_and_the_current_one_stays() {
    let app = TestApp::start().await;
    let here = app.newcomer("alice").await;
    let others = [app.log_in("alice").await, app.log_in("alice").await];
    let bob = app.newcomer("bob").await;

    let answer = app.delete("/users/me/sessions", Some(&here.access)).await;

    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
    for other in &others {
        assert_eq!(app.me(&other.access).await.status, 401);
    }
    assert_eq!(app.refresh(&here.refresh).await.status, 200);
    assert_eq!(app.me(&bob.access).await.status, 200);
    assert_eq!(app.sessions(&here.access).await.len(), 1);
}

#[actix_web::test]
async fn ended_sessions_are_listed_with_their_reason_when_asked_for() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    let here = app.newcomer("alice").await;
    let id = app.id_of(&here.access).await;
    let logged_out = app.log_in("alice").await;
    app.send(Method::POST, "/logout", Some(&logged_out.access)).await;
    let revoked = app.log_in("alice").await;
    app.form("/revoke", &[("token", &revoked.refresh)]).await;
    let stolen = app.log_in("alice").await;
    app.refresh(&stolen.refresh).await;
    app.clock.advance(Duration::from_secs(30));
    app.refresh(&stolen.refresh).await;
    app.log_in("alice").await;
    app.delete("/users/me/sessions", Some(&here.access)).await;
    app.log_in("alice").await;
    let body = json!({ "current_password": PASSWORD, "new_password": "another one" });
    Tokens::of(&app.post("/users/me/password", Some(&here.access), &body).await);
    app.delete(&format!("/users/{id}/sessions"), Some(&root.access)).await;
    app.try_log_in("alice", "another one").await;
    for disabled in [true, false] {
        app.patch(&format!("/users/{id}"), Some(&root.access), &json!({ "disabled": disabled })).await;
    }
    let now = Tokens::of(&app.try_log_in("alice", "another one").await);

    let answer = app.get("/users/me/sessions?ended=true", Some(&now.access)).await;

    let json = answer.json();
    let reasons: Vec<_> = json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["end_reason"].as_str().unwrap_or("-"))
        .collect();
    assert_eq!(
        reasons,
        [
            "-",
            "user_disabled",
            "revoked_by_admin",
            "password_changed",
            "revoked",
            "refresh_token_reused",
            "revoked",
            "logout",
            "password_changed"
        ]
    );
    assert_eq!(json["items"][7]["ended_at"], "2026-11-22T07:15:00Z");
    assert_eq!(json["items"][5]["ended_at"], "2026-11-22T07:15:30Z");
    assert_eq!(app.sessions(&now.access).await.len(), 1);
    assert_eq!(
        app.get("/users/me/sessions?ended=false", Some(&now.access)).await.json()["items"][1],
        json!(null)
    );
    let seen = app.get(&format!("/users/{id}/sessions"), Some(&root.access)).await.json();
    assert_eq!(seen["items"].as_array().unwrap().len(), 9);
    assert!(seen["items"].as_array().unwrap().iter().all(|item| item["current"] == false));
}

#[actix_web::test]
async fn whether_to_list_ended_ones_is_true_or_false() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;
    for value in ["", "1", "TRUE", "yes", "%ff"] {
        let answer = app.get(&format!("/users/me/sessions?ended={value}"), Some(&tokens.access)).await;

        assert_eq!(answer.status, 422, "{value}");
        assert_eq!(answer.json()["detail"][0]["loc"][0], "query");
    }
}
