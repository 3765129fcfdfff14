//! Once: the passwords that guessers try first could be set.

use actix_web::http::StatusCode;
use sekisho::{
    actors::db::{FindCredentials, LoginIdentifier, RenewHash},
    domain::PasswordHash,
};
use serde_json::json;

use crate::support::{PASSWORD, Response, TestApp};

const COMMON: [&str; 6] = ["password", "12345678", "PASSWORD123", "qwertyuiop", "iloveyou", "P@ssw0rd"];

fn assert_too_common(answer: &Response, field: &str) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "validation_error")
    );
    let error = &answer.json()["detail"][0];
    assert_eq!((&error["type"], &error["loc"]), (&json!("password_too_common"), &json!(["body", field])));
}

#[actix_web::test]
async fn a_common_password_is_not_set() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;

    for password in COMMON {
        let flat = json!({ "email": "bob@example.com", "username": "bob", "password": password });
        let nested =
            json!({ "user": { "email": "bob@example.com", "username": "bob" }, "password": password });
        for body in [flat, nested] {
            assert_too_common(&app.post("/users/", None, &body).await, "password");
        }
        let change = json!({ "current_password": PASSWORD, "new_password": password });
        let answer = app.post("/users/me/password", Some(&tokens.access), &change).await;
        assert_too_common(&answer, "new_password");
    }
    assert_eq!(app.log_in("alice").await.access.split('.').count(), 3);
}

#[actix_web::test]
async fn who_has_one_already_still_logs_in() {
    let app = TestApp::start().await;
    app.register("alice").await;
    let find = FindCredentials { identifier: LoginIdentifier::Name("alice".to_owned()) };
    let found = app.ask_db(find).await.unwrap().unwrap();
    let common = PasswordHash::new(bcrypt::hash("password", 4).unwrap());
    let put = RenewHash { id: found.user.id, outdated: found.password_hash, renewed: common };
    assert!(app.ask_db(put).await.unwrap());

    assert_eq!(app.try_log_in("alice", "password").await.status, StatusCode::OK);
}
