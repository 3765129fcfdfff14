//! More requests at once than can be served.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpStream;

use crate::support::{
    TestApp, eventually,
    wire::{FORM, Wire, post},
};

#[actix_web::test]
async fn logins_beyond_the_budget_are_told_to_come_back_and_others_are_served() {
    let app = TestApp::start_with(|config| {
        config.password.bcrypt_cost = 12;
        config.account.max_login_wait = Duration::from_secs(1);
    })
    .await;
    let token = app.newcomer("alice").await.access;
    let names: Vec<_> = (0..90).map(|number| format!("nobody{number}")).collect();

    let storm = join_all(names.iter().map(|name| app.try_log_in(name, "wrong")));
    let others = join_all((0..20).map(|_| app.me(&token)));
    let (answers, others) = futures_util::future::join(storm, others).await;

    assert!(others.iter().all(|answer| answer.status == 200));
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!refused.is_empty() && refused.len() < answers.len(), "{}", refused.len());
    for answer in refused {
        assert_eq!(answer.code(), "busy");
        assert_eq!(answer.json()["error"], "temporarily_unavailable");
        let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
    }
    assert!(answers.iter().all(|answer| [401, 503].contains(&answer.status.as_u16())));
}

/// Four logins for each that can be hashed at once, so that most of them wait. A hash of cost 16 takes three
/// seconds: working them off would take half a minute, longer than [`eventually`] waits.
async fn logins_that_wait(app: &TestApp) -> Vec<Wire> {
    let slots = app.sekisho.passwords().slots();
    let mut wires = Vec::new();
    for number in 0..4 * slots {
        let mut wire = Wire::connect(app.address).await;
        let body = format!("username=nobody{number}&password=wrong");
        wire.send(post("/token", FORM, body.as_bytes())).await;
        wires.push(wire);
    }
    eventually("the others wait", async || app.sekisho.passwords().waiting() == 3 * slots).await;
    wires
}

async fn slow_app() -> TestApp {
    TestApp::start_with(|config| {
        config.password.bcrypt_cost = 16;
        config.account.max_login_wait = Duration::from_mins(1);
    })
    .await
}

#[actix_web::test]
async fn a_client_that_resets_its_connection_leaves_the_queue() {
    let app = slow_app().await;
    let wires = logins_that_wait(&app).await;

    for wire in wires {
        wire.stream.set_zero_linger().unwrap();
    }

    eventually("the queue is empty", async || app.sekisho.passwords().waiting() == 0).await;
}

#[actix_web::test]
async fn a_client_that_hangs_up_leaves_the_queue() {
    let app = slow_app().await;
    let wires = logins_that_wait(&app).await;

    drop(wires);

    eventually("the queue is empty", async || app.sekisho.passwords().waiting() == 0).await;
}

#[actix_web::test]
async fn five_hundred_idle_connections_keep_nobody_out() {
    let app = TestApp::start().await;
    let mut idle = Vec::new();
    for _ in 0..500 {
        idle.push(TcpStream::connect(app.address).await.unwrap());
    }

    let token = app.newcomer("alice").await.access;
    let answers = join_all((0..20).map(|_| app.me(&token))).await;

    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(idle.len(), 500);
}
