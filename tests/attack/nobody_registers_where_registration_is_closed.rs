//! Once: registration could not be closed, so anyone who reached the server could create accounts, and ask
//! which names are taken.

use actix_web::http::{Method, StatusCode};
use sekisho::domain::Registration;
use serde_json::json;

use crate::support::{PASSWORD, TestApp, wire::Wire};

#[actix_web::test]
async fn nobody_registers_and_nobody_learns_which_names_are_taken() {
    let app = TestApp::start_with(|config| config.account.registration = Registration::Closed).await;
    let admin = app.administrator("root").await;

    for name in ["alice", "root", "ROOT", "not a name"] {
        let answer = app.register(name).await;

        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "registration_closed"));
        assert_eq!(answer.json()["detail"], "Registration is closed");
    }
    let headers = [("content-type", "text/plain")];
    let malformed = app.send_body(Method::POST, "/users/", &headers, "{").await;
    assert_eq!(malformed.code(), "registration_closed");
    assert_eq!(app.id_of(&admin.access).await, 1);
    assert_eq!(app.try_log_in("alice", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn the_refusal_does_not_wait_for_the_body() {
    let app = TestApp::start_with(|config| config.account.registration = Registration::Closed).await;
    let mut wire = Wire::connect(app.address).await;

    wire.send("POST /users/ HTTP/1.1\r\nhost: sekisho\r\ncontent-type: application/json\r\n").await;
    wire.send("content-length: 60000\r\n\r\n{").await;

    // And the server does not wait for the rest of the body.
    let answers: Vec<_> = wire.answers().await.iter().map(|answer| answer.status).collect();
    assert_eq!(answers, [403]);
}

#[actix_web::test]
async fn those_who_have_accounts_keep_them() {
    let app = TestApp::start_with(|config| config.account.registration = Registration::Closed).await;
    let admin = app.administrator("root").await;
    let change = json!({ "current_password": PASSWORD, "new_password": "another staple battery" });

    let answer = app.post("/users/me/password", Some(&admin.access), &change).await;

    assert!(answer.status.is_success(), "{}", answer.body);
    assert_eq!(app.try_log_in("root", "another staple battery").await.status, StatusCode::OK);
}
