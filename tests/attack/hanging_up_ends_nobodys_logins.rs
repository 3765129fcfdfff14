//! A client that hangs up on an attempt leaves nothing behind that delays others, and its attempt still
//! counts.

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
    PASSWORD, Response, TestApp, eventually,
    wire::{FORM, JSON, Wire, post},
};

const ELSEWHERE: &str = "203.0.113.9";

/// A server behind a proxy. Slow hashes must not make it refuse logins as busy.
async fn start() -> TestApp {
    TestApp::start_with(|config| {
        config.account.max_login_wait = Duration::from_mins(1);
        config.server.metrics_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await
}

/// A hash job that takes as long as the test wants.
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

/// Keeps every hash thread busy until the returned value is dropped, so that passwords with a slot wait to be
/// hashed.
async fn hold_the_hash_threads(app: &TestApp) -> Vec<mpsc::Sender<()>> {
    let mut all = Vec::new();
    for _ in 0..cores().get() {
        let (release, held) = mpsc::channel();
        let (entered, has_entered) = oneshot::channel();
        let threads = app.sekisho.passwords().handle().clone();
        spawn(async move { threads.ask(Hold { entered, held }).await });
        // One after the other, because together they would go to one thread as a group.
        has_entered.await.unwrap();
        all.push(release);
    }
    all
}

fn body(name: &str, password: &str) -> String {
    format!("username={name}&password={}", password.replace(' ', "+"))
}

async fn log_in_from(app: &TestApp, name: &str, password: &str, ip: &str) -> Response {
    let headers = [("content-type", FORM), ("x-forwarded-for", ip)];
    app.send_body(Method::POST, "/token", &headers, body(name, password)).await
}

/// A login, as a proxy forwards it.
fn login_from(ip: &str, name: &str, password: &str) -> String {
    let body = body(name, password);
    format!(
        "POST /token HTTP/1.1\r\nHost: sekisho.test\r\nX-Forwarded-For: {ip}\r\n\
         Content-Type: {FORM}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn status(app: &TestApp) -> ThrottleStatus {
    app.sekisho.throttle().status().await.unwrap()
}

/// The number of logins that their clients abandoned.
async fn abandoned(app: &TestApp) -> f64 {
    app.figure("sekisho_logins_total{outcome=\"abandoned\"}").await
}

/// Waits until every attempt has ended.
async fn until_it_is_quiet(app: &TestApp) {
    eventually("nothing is under way", async || {
        let status = status(app).await;
        status.pending == 0 && status.waiting == 0 && app.sekisho.passwords().waiting() == 0
    })
    .await;
}

async fn send_login(app: &TestApp, password: &str) -> Wire {
    let mut wire = Wire::connect(app.address).await;
    wire.send(post("/token", FORM, body("alice", password).as_bytes())).await;
    wire
}

async fn assert_alice_logs_in_at_once(app: &TestApp, ip: &str) {
    let started = Instant::now();
    let answer = log_in_from(app, "alice", PASSWORD, ip).await;
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
        status.pending == 1 && status.waiting + app.sekisho.passwords().waiting() == 1
    })
    .await;
    drop(two);
    eventually("the server knows", async || abandoned(&app).await >= before + 2.0).await;
    drop(held);
    until_it_is_quiet(&app).await;

    assert_alice_logs_in_at_once(&app, ELSEWHERE).await;
    // The fifth failure was counted, and the sixth request was not begun.
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
        eventually("it is to be hashed", async || status(&app).await.pending == 1).await;
        drop(login);
        eventually("the server knows", async || abandoned(&app).await > before).await;
        drop(held);
        until_it_is_quiet(&app).await;
    }

    assert_eq!(app.try_log_in("alice", PASSWORD).await.status, 429);
}

#[actix_web::test]
async fn a_hash_slot_is_held_until_a_new_password_is_hashed_even_if_the_client_hangs_up() {
    let app = start().await;
    let passwords = app.sekisho.passwords();
    let held = hold_the_hash_threads(&app).await;
    let in_flight = passwords.handle().in_flight();

    for number in 0..passwords.slots() {
        let registration = send_registration(&app, number).await;
        eventually("it is to be hashed", async || passwords.handle().in_flight() == in_flight + 1).await;
        drop(registration);
        eventually("the server knows", async || passwords.handle().in_flight() == in_flight).await;
    }
    let next = send_registration(&app, passwords.slots()).await;

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

/// Fifty logins whose clients hang up: each at once, or only when all have been sent. Most send a reset,
/// which leaves the system no closed connection to remember.
async fn send_fifty_and_hang_up(app: &TestApp, login: &str, at_once: bool) {
    let mut wires = Vec::new();
    for number in 0..50 {
        let mut wire = Wire::connect(app.address).await;
        wire.send(login).await;
        if number % 5 > 0 {
            wire.stream.set_zero_linger().unwrap();
        }
        if !at_once {
            wires.push(wire);
        }
    }
}

async fn until_the_throttle_remembers_what_it_did(app: &TestApp, before: ThrottleStatus) {
    eventually("the throttle's memory is as before", async || {
        app.clock.advance(Duration::from_hours(51));
        status(app).await == before
    })
    .await;
}

#[actix_web::test]
async fn ten_thousand_aborted_right_passwords_end_no_logins() {
    let app = start().await;
    let before = status(&app).await;
    app.register("alice").await;

    for round in 0..200 {
        send_fifty_and_hang_up(&app, &login_from("127.0.0.1", "alice", PASSWORD), round % 2 > 0).await;
    }
    until_it_is_quiet(&app).await;

    for ip in [ELSEWHERE, "127.0.0.1"] {
        assert_alice_logs_in_at_once(&app, ip).await;
    }
    until_the_throttle_remembers_what_it_did(&app, before).await;
}

#[actix_web::test]
async fn ten_thousand_aborted_guesses_end_no_logins() {
    let app = start().await;
    let before = status(&app).await;
    app.register("alice").await;
    // Each round uses a new name, which has failed so often that only one of the fifty may be begun at a
    // time.
    let name = |round| format!("nobody{round}");
    let ip = |round| format!("10.0.{round}.1");

    for round in 0..200 {
        for _ in 0..4 {
            assert_eq!(log_in_from(&app, &name(round), "wrong", &ip(round)).await.status, 401);
        }
        send_fifty_and_hang_up(&app, &login_from(&ip(round), &name(round), "wrong"), round % 2 > 0).await;
    }
    until_it_is_quiet(&app).await;

    for ip in [ELSEWHERE, &ip(0), &ip(199)] {
        assert_alice_logs_in_at_once(&app, ip).await;
    }
    for round in 0..200 {
        let started = Instant::now();
        let answer = log_in_from(&app, &name(round), "wrong", &ip(round)).await;
        assert!([401, 429].contains(&answer.status.as_u16()), "{round}: {}", answer.body);
        assert!(started.elapsed() < Duration::from_secs(2), "{round}: {:?}", started.elapsed());
    }
    until_the_throttle_remembers_what_it_did(&app, before).await;
}
