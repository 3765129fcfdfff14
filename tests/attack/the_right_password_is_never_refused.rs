//! Once: a login replaced a hash of an outdated cost. Simultaneous logins had found the old hash, and were
//! refused with the right password.

use actix_web::http::StatusCode;
use futures_util::future::join_all;
use sekisho::{
    actors::db::{FindCredentials, LoginIdentifier, RenewHash},
    domain::PasswordHash,
};

use crate::support::{PASSWORD, TestApp, eventually};

#[actix_web::test]
async fn of_sixteen_logins_at_once_with_an_outdated_hash_sixteen_succeed() {
    let app = TestApp::start_with(|config| config.password.bcrypt_cost = 5).await;
    app.register("alice").await;
    let hash = async || {
        let find = FindCredentials { identifier: LoginIdentifier::Name("alice".to_owned()) };
        let found = app.ask_db(find).await.unwrap().unwrap();
        (found.user.id, found.password_hash)
    };
    let (id, own) = hash().await;
    let cheap = PasswordHash::new(bcrypt::hash(PASSWORD, 4).unwrap());
    let overwrite = RenewHash { id, outdated: own, renewed: cheap.clone() };
    assert!(app.ask_db(overwrite).await.unwrap());

    let answers = join_all((0..16).map(|_| app.try_log_in("alice", PASSWORD))).await;

    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [StatusCode::OK; 16]);
    eventually("the hash is renewed", async || hash().await.1 != cheap).await;
    assert!(hash().await.1.expose().starts_with("$2b$05$"));
    assert_eq!(app.try_log_in("alice", PASSWORD).await.status, StatusCode::OK);
}
