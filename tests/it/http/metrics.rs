//! The metrics listener.

use std::{net::SocketAddr, time::Duration};

use futures_util::future::join_all;
use sekisho::{actors::password::FlowKey, domain::RequestOrigin};

use crate::support::{
    PASSWORD, TestApp, eventually,
    wire::{FORM, RawAnswer, Wire, post},
};

async fn get(address: SocketAddr, path: &str) -> RawAnswer {
    let mut wire = Wire::connect(address).await;
    wire.send(format!("GET {path} HTTP/1.1\r\nHost: sekisho.test\r\n\r\n")).await;
    wire.answer().await.unwrap()
}

#[actix_web::test]
async fn what_happened_is_counted_and_served_on_a_listener_of_its_own() {
    let app = TestApp::start_with(|config| {
        config.server.metrics_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    })
    .await;
    let tokens = app.newcomer("alice").await;
    app.try_log_in("alice", "wrong").await;
    app.refresh(&tokens.refresh).await;
    app.me(&tokens.access).await;
    app.get("/nothing", None).await;
    app.sekisho.maintenance().ask(sekisho::actors::maintenance::RunMaintenance).await.unwrap();

    let answer = get(app.metrics_address.unwrap(), "/metrics").await;

    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    for series in [
        "sekisho_build_info{version=\"",
        "sekisho_http_request_duration_seconds_count{route=\"/users/me\",status=\"200\"}",
        "sekisho_http_request_duration_seconds_count{route=\"/token\",status=\"401\"}",
        "sekisho_http_request_duration_seconds_count{route=\"unmatched\",status=\"404\"}",
        "sekisho_http_requests_in_flight ",
        "sekisho_actor_message_duration_seconds_count{actor=\"db\",message=\"RotateSessions\"}",
        "sekisho_actor_message_duration_seconds_count{actor=\"password\",message=\"VerifyPassword\"}",
        "sekisho_logins_total{outcome=\"success\"}",
        "sekisho_logins_total{outcome=\"incorrect\"}",
        "sekisho_refreshes_total{outcome=\"rotated\"}",
        "sekisho_hash_duration_seconds_count",
        "sekisho_hash_lanes_count",
        "sekisho_hash_queue_refused_total",
        "sekisho_password_attempts_throttled_total",
        "sekisho_registrations_throttled_total",
        "sekisho_db_batch_writes_count",
        "sekisho_db_commit_duration_seconds_count",
        "sekisho_users ",
        "sekisho_sessions ",
        "sekisho_database_bytes ",
        "sekisho_wal_bytes ",
        "sekisho_in_flight{what=\"hash_queue\"}",
        "sekisho_in_flight{what=\"account\"}",
        "sekisho_in_flight{what=\"db\"}",
        "sekisho_in_flight{what=\"throttle\"}",
        "sekisho_in_flight{what=\"maintenance\"}",
        "sekisho_in_flight{what=\"password\"}",
        "sekisho_in_flight{what=\"token\"}",
    ] {
        assert!(answer.body.lines().any(|line| line.starts_with(series)), "{series} in\n{}", answer.body);
    }
    for secret in ["alice", PASSWORD, &tokens.access, &tokens.refresh, "$2b$", "example.com"] {
        assert!(!answer.body.contains(secret), "{secret}");
    }
}

#[actix_web::test]
async fn logins_that_come_together_are_hashed_side_by_side() {
    let app = TestApp::start_with(|config| {
        config.server.metrics_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.password.bcrypt_cost = 9;
        config.account.max_login_wait = Duration::from_mins(1);
    })
    .await;
    app.register("alice").await;
    // The number of hashes that shared a group with others.
    let shared =
        async || app.figure("sekisho_hash_lanes_sum").await - app.figure("sekisho_hash_lanes_count").await;
    let before = shared().await;

    let logins = join_all((0..16).map(|_| app.try_log_in("alice", PASSWORD))).await;

    assert!(logins.iter().all(|login| login.status == 200));
    assert!(shared().await - before >= 4.0);
}

#[actix_web::test]
async fn figures_are_nowhere_else_and_nothing_else_is_there() {
    let app = TestApp::start_with(|config| {
        config.server.metrics_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    })
    .await;

    assert_eq!(app.get("/metrics", None).await.status, 404);
    for path in ["/", "/users/me", "/healthz", "/docs"] {
        assert_eq!(get(app.metrics_address.unwrap(), path).await.status, 404, "{path}");
    }
    assert_eq!(TestApp::start().await.metrics_address, None);
}

#[actix_web::test]
async fn a_login_whose_client_hangs_up_is_counted_as_abandoned() {
    let app = TestApp::start_with(|config| {
        config.server.metrics_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    })
    .await;
    let abandoned = async || app.figure("sekisho_logins_total{outcome=\"abandoned\"}").await;
    let before = abandoned().await;
    // All hash slots are in use.
    let anybody = || app.sekisho.passwords().slot(FlowKey::registration(&RequestOrigin::default()));
    let slots = join_all((0..app.sekisho.passwords().slots()).map(|_| anybody())).await;
    let mut wire = Wire::connect(app.address).await;
    wire.send(post("/token", FORM, b"username=alice&password=wrong")).await;
    eventually("the login waits", async || app.sekisho.passwords().waiting() == 1).await;

    drop(wire);

    eventually("it is counted", async || abandoned().await > before).await;
    drop(slots);
}
