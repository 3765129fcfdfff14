//! Asking for a scope that the user may not have reveals neither whether the password is right, nor who is an
//! administrator.

use crate::support::{PASSWORD, Response, TestApp};

async fn ask_for_admin(app: &TestApp, name: &str, password: &str) -> Response {
    app.form("/token", &[("username", name), ("password", password), ("scope", "admin")]).await
}

#[actix_web::test]
async fn asking_for_admin_has_one_answer_but_for_an_administrator_with_the_right_password() {
    let app = TestApp::start().await;
    app.register("alice").await;
    app.administrator("root").await;

    let answers = [
        ask_for_admin(&app, "alice", PASSWORD).await,
        ask_for_admin(&app, "alice", "wrong").await,
        ask_for_admin(&app, "root", "wrong").await,
        ask_for_admin(&app, "nobody", PASSWORD).await,
        ask_for_admin(&app, "no\0body", PASSWORD).await,
    ];

    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.body), (401, &answers[0].body));
    }
    let described = answers[0].json();
    assert_eq!(described["error"], "invalid_grant");
    assert!(described["detail"].as_str().unwrap().contains("scope"), "{described}");
    assert_eq!(ask_for_admin(&app, "root", PASSWORD).await.json()["scope"], "admin");
}

#[actix_web::test]
async fn the_right_password_with_a_scope_too_many_counts_as_a_failure_and_clears_nothing() {
    let app = TestApp::start().await;
    let alice = app.newcomer("alice").await;
    for _ in 0..4 {
        app.try_log_in("alice", "wrong").await;
    }

    assert_eq!(ask_for_admin(&app, "alice", PASSWORD).await.status, 401);

    assert_eq!(app.try_log_in("alice", PASSWORD).await.status, 429);
    assert_eq!(app.sessions(&alice.access).await.len(), 1);
}

#[actix_web::test]
async fn behind_a_full_address_it_does_not_tell_an_administrator_from_another() {
    let app = TestApp::start().await;
    app.newcomer("alice").await;
    app.administrator("root").await;
    for number in 0..100 {
        app.try_log_in(&format!("person{number}"), "a guess").await;
    }

    // Both have logged in from here, so strangers' limits do not distinguish them.
    let (alice, root) =
        (ask_for_admin(&app, "alice", "a guess").await, ask_for_admin(&app, "root", "a guess").await);

    assert_eq!((alice.status.as_u16(), root.status.as_u16()), (401, 401));
    assert_eq!(ask_for_admin(&app, "nobody", "a guess").await.status, 429);
}
