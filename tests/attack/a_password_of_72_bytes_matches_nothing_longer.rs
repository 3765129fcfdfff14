//! Once: a password of 72 bytes, which is all that bcrypt reads, matched with anything appended.

use actix_web::http::StatusCode;
use sekisho::{
    actors::db::{FindCredentials, LoginIdentifier, RenewHash},
    domain::PasswordHash,
};
use serde_json::json;

use crate::support::{TestApp, eventually};

#[actix_web::test]
async fn a_password_of_72_bytes_matches_nothing_longer() {
    let app = TestApp::start().await;
    let exact = "correct horse battery ".repeat(4)[..72].to_owned();
    let longer = format!("{exact} and whatever");
    let body = json!({ "email": "alice@example.com", "username": "alice", "password": exact });
    assert_eq!(app.post("/users/", None, &body).await.status, StatusCode::CREATED);
    let status = async |password: &str| app.try_log_in("alice", password).await.status;

    assert_eq!(status(&longer).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&exact).await, StatusCode::OK);

    // An existing hash, which only the next login can correct.
    let stored = async || {
        let find = FindCredentials { identifier: LoginIdentifier::Name("alice".to_owned()) };
        app.ask_db(find).await.unwrap().unwrap()
    };
    let user = stored().await;
    let bare = PasswordHash::new(bcrypt::hash(&exact, 4).unwrap());
    let put = RenewHash { id: user.user.id, outdated: user.password_hash, renewed: bare.clone() };
    assert!(app.ask_db(put).await.unwrap());
    assert_eq!(status(&exact).await, StatusCode::OK);
    eventually("the hash is renewed", async || stored().await.password_hash != bare).await;

    assert_eq!(status(&longer).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&exact).await, StatusCode::OK);
}
