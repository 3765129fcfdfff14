//! Whoever hangs up on an attempt leaves nothing behind that holds up others, and has made an attempt
//! all the same.

use std::{
    net::SocketAddr,
    sync::mpsc,
    time::{Duration, Instant},
};

use actix::Message;
use actix_web::{http::Method, rt::spawn};
use sekisho::{
    actors::{
        password::{Hasher, Job, PasswordError, PasswordMessage},
        throttle::ThrottleStatus,
    },
    config::cores,
};

use tokio::sync::oneshot;

use crate::support::{
    Answer, PASSWORD, TestApp, eventually,
    wire::{FORM, JSON, Wire, post},
};

const ELSEWHERE: &str = "203.0.113.9";

/// A server behind a proxy. A slow machine shall be slow, not busy.
async fn start() -> TestApp {
    TestApp::start_with(|config| {
        config.max_login_wait_seconds = 60;
        config.metrics_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await
}

/// Takes as long to hash as a test wants it to.
#[derive(Message)]
#[rtype(result = "Result<(), PasswordError>")]
struct Hold {
    entered: oneshot::Sender<()>,
    held: mpsc::Receiver<()>,
}

impl PasswordMessage for Hold {
    type Answer = ();

    fn prepare(self, hasher: &Hasher) -> Result<Job<()>, PasswordError> {
        hasher.dummy_job(move || {
            let _ = self.entered.send(());
            // Until the other end is dropped.
            let _ = self.held.recv();
            Ok(())
        })
    }
}

/// Keeps every hash thread busy for as long as what it returns is kept: passwords whose turn it is wait
/// to be hashed.
async fn hold_the_hash_threads(app: &TestApp) -> Vec<mpsc::Sender<()>> {
    let mut all = Vec::new();
    for _ in 0..cores().get() {
        let (release, held) = mpsc::channel();
        let (entered, has_entered) = oneshot::channel();
        let threads = app.sekisho.passwords().handle().clone();
        spawn(async move { threads.ask(Hold { entered, held }).await });
        // One after the other, lest they go to one thread as a group.
        has_entered.await.unwrap();
        all.push(release);
    }
    all
}

fn body(password: &str) -> String {
    format!("username=alice&password={}", password.replace(' ', "+"))
}

async fn log_in_from(app: &TestApp, ip: &str, password: &str) -> Answer {
    app.send_body(Method::POST, "/token", &[("content-type", FORM), ("x-forwarded-for", ip)], body(password))
        .await
}

async fn status(app: &TestApp) -> ThrottleStatus {
    app.sekisho.throttle().status().await.unwrap()
}

/// How many logins were given up by their clients.
async fn abandoned(app: &TestApp) -> f64 {
    app.figure("sekisho_logins_total{outcome=\"abandoned\"}").await
}

/// Waits until every attempt has come to its end.
async fn until_it_is_quiet(app: &TestApp) {
    eventually("nothing is under way", async || {
        let status = status(app).await;
        status.under_way == 0 && status.waiting == 0 && app.sekisho.passwords().waiting() == 0
    })
    .await;
}

async fn send_login(app: &TestApp, password: &str) -> Wire {
    let mut wire = Wire::connect(app.address).await;
    wire.send(post("/token", FORM, body(password).as_bytes())).await;
    wire
}

async fn assert_alice_logs_in_at_once(app: &TestApp, ip: &str) {
    let started = Instant::now();
    let answer = log_in_from(app, ip, PASSWORD).await;
    assert_eq!(answer.status, 200, "{ip}: {}", answer.body);
    assert!(started.elapsed() < Duration::from_secs(2), "{ip}: {:?}", started.elapsed());
}

#[actix_web::test]
async fn two_aborted_requests_after_four_failures_end_no_logins() {
    let app = start().await;
    app.register("alice").await;
    for _ in 0..4 {
        assert_eq!(app.try_log_in("alice", "wrong").await.status, 401);
    }

    let held = hold_the_hash_threads(&app).await;
    let before = abandoned(&app).await;
    let two = [send_login(&app, "wrong").await, send_login(&app, "wrong").await];
    eventually("one is to be hashed and the other waits", async || {
        let status = status(&app).await;
        // With a single hash thread it waits in the queue.
        status.under_way == 1 && status.waiting + app.sekisho.passwords().waiting() == 1
    })
    .await;
    drop(two);
    eventually("the server knows", async || abandoned(&app).await >= before + 2.0).await;
    drop(held);
    until_it_is_quiet(&app).await;

    assert_alice_logs_in_at_once(&app, ELSEWHERE).await;
    // The fifth failure was counted, the sixth request was not begun.
    assert_eq!(app.try_log_in("alice", PASSWORD).await.header("retry-after"), Some("1"));
    app.clock.advance(Duration::from_secs(1));
    assert_alice_logs_in_at_once(&app, "127.0.0.1").await;
}

#[actix_web::test]
async fn whoever_hangs_up_while_the_password_is_looked_at_has_made_an_attempt() {
    let app = start().await;
    app.register("alice").await;
    for _ in 0..5 {
        let held = hold_the_hash_threads(&app).await;
        let before = abandoned(&app).await;
        let login = send_login(&app, "wrong").await;
        eventually("it is to be hashed", async || status(&app).await.under_way == 1).await;
        drop(login);
        eventually("the server knows", async || abandoned(&app).await > before).await;
        drop(held);
        until_it_is_quiet(&app).await;
    }

    assert_eq!(app.try_log_in("alice", PASSWORD).await.status, 429);
}

#[actix_web::test]
async fn whoever_hangs_up_while_a_new_password_is_hashed_keeps_the_turn_until_it_is() {
    let app = start().await;
    let passwords = app.sekisho.passwords();
    let held = hold_the_hash_threads(&app).await;
    let in_flight = passwords.handle().in_flight();

    for number in 0..passwords.turns() {
        let registration = send_registration(&app, number).await;
        eventually("it is to be hashed", async || passwords.handle().in_flight() == in_flight + 1).await;
        drop(registration);
        eventually("the server knows", async || passwords.handle().in_flight() == in_flight).await;
    }
    let next = send_registration(&app, passwords.turns()).await;

    eventually("the next one waits for those", async || passwords.waiting() == 1).await;
    drop((held, next));
    until_it_is_quiet(&app).await;
    app.register("alice").await;
    assert_alice_logs_in_at_once(&app, ELSEWHERE).await;
}

async fn send_registration(app: &TestApp, number: usize) -> Wire {
    let mut wire = Wire::connect(app.address).await;
    let body = format!(
        r#"{{"username": "user{number}", "email": "user{number}@example.com", "password": "{PASSWORD}"}}"#
    );
    wire.send(post("/users/", JSON, body.as_bytes())).await;
    wire
}

/// Sends so many logins and hangs up on each: at once or with fifty others, most of them with a reset, which
/// leaves the system no closed connection to remember. Then logs in.
async fn storm(requests: usize, password: &str) {
    const AT_ONCE: usize = 50;
    let app = start().await;
    let before = status(&app).await;
    app.register("alice").await;
    assert_alice_logs_in_at_once(&app, ELSEWHERE).await;

    for round in 0..requests / AT_ONCE {
        let mut wires = Vec::new();
        for number in 0..AT_ONCE {
            let wire = send_login(&app, password).await;
            if number % 5 > 0 {
                wire.stream.set_zero_linger().unwrap();
            }
            if round % 2 == 0 {
                wires.push(wire);
            }
        }
    }
    until_it_is_quiet(&app).await;

    assert_alice_logs_in_at_once(&app, ELSEWHERE).await;
    // Wrong passwords have been counted, and hold up nobody longer than they say. Some of the requests may be read
    // only now.
    if password != PASSWORD {
        assert_eq!(log_in_from(&app, "127.0.0.1", PASSWORD).await.status, 429);
    }
    eventually("alice logs in from where it came from", async || {
        let started = Instant::now();
        let status = log_in_from(&app, "127.0.0.1", PASSWORD).await.status;
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        if status == 429 {
            assert_ne!(password, PASSWORD, "right passwords hold up nobody");
            app.clock.advance(Duration::from_mins(15));
        }
        status == 200
    })
    .await;
    eventually("the throttle's memory is as before", async || {
        app.clock.advance(Duration::from_hours(51));
        status(&app).await == before
    })
    .await;
}

#[actix_web::test]
async fn ten_thousand_aborted_right_passwords_end_no_logins() {
    storm(10_000, PASSWORD).await;
}

#[actix_web::test]
async fn ten_thousand_aborted_wrong_passwords_end_no_logins() {
    storm(10_000, "wrong").await;
}
