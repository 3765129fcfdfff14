//! Once: a hash of another cost than the server's took more or less time to compare, which distinguished its
//! user from users who do not exist.

use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use rustix::time::{ClockId, clock_gettime};
use sekisho::{
    actors::{
        db::{FindCredentials, LoginIdentifier, RenewHash},
        maintenance::RunMaintenance,
    },
    domain::PasswordHash,
};

use crate::support::{PASSWORD, TestApp};

/// A hash of this cost takes 32 times as long as one of cost 4.
const DEAR: u32 = 9;

/// A server behind a proxy, so that each attempt can come from a different network.
async fn start(bcrypt_cost: u32) -> TestApp {
    TestApp::start_with(|config| {
        config.password.bcrypt_cost = bcrypt_cost;
        config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await
}

/// The CPU time of this process. Unlike wall-clock time it does not pass while other processes have the
/// cores, and hash threads give way to all others.
fn computed() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}

/// The CPU time until the login was refused.
async fn time_of(app: &TestApp, name: &str, round: u8) -> Duration {
    let address = format!("198.51.{round}.1");
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-forwarded-for", &address)];
    let form = format!("username={name}&password=wrong+password");
    let began = computed();
    let answer = app.send_body(Method::POST, "/token", &headers, form).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
    computed().saturating_sub(began)
}

/// Asserts that a user is refused as quickly as one who does not exist. Other tests may compute meanwhile, so
/// the minimum of several attempts counts.
async fn assert_alike(app: &TestApp, name: &str) {
    let (mut user, mut nobody) = (Duration::MAX, Duration::MAX);
    for round in 0..50 {
        user = user.min(time_of(app, name, round).await);
        nobody = nobody.min(time_of(app, &format!("nobody{round}"), round).await);
        if round >= 3 && user < nobody * 2 && nobody < user * 2 {
            return;
        }
    }
    panic!("{name} is refused within {user:?}, and who does not exist within {nobody:?}");
}

/// A user with this hash.
async fn somebody(app: &TestApp, name: &str, hash: &str) {
    app.register(name).await;
    let find = FindCredentials { identifier: LoginIdentifier::Name(name.to_owned()) };
    let found = app.ask_db(find).await.unwrap().unwrap();
    let hash = PasswordHash::new(hash.to_owned());
    let overwrite = RenewHash { id: found.user.id, outdated: found.password_hash, renewed: hash };
    assert!(app.ask_db(overwrite).await.unwrap());
}

#[actix_web::test]
async fn a_hash_of_a_lower_cost_or_a_malformed_one_takes_as_long_as_no_user() {
    let app = start(DEAR).await;
    let cheap = bcrypt::hash(PASSWORD, 4).unwrap();
    somebody(&app, "cheap", &cheap).await;
    somebody(&app, "short", &cheap[..cheap.len() - 1]).await;

    assert_alike(&app, "cheap").await;
    assert_alike(&app, "short").await;
}

#[actix_web::test]
async fn a_hash_of_a_higher_cost_takes_as_long_as_no_user() {
    let app = start(4).await;
    somebody(&app, "dear", &bcrypt::hash(PASSWORD, DEAR).unwrap()).await;
    app.register("ordinary").await;
    app.sekisho.maintenance().ask(RunMaintenance).await.unwrap();

    assert_alike(&app, "dear").await;
    assert_alike(&app, "ordinary").await;
}
