//! Once: two hundred connections that log in without pause kept all other users from logging in. A host took
//! as many places in a round of the queue as its network has addresses, and an attacker who tried one account
//! from many networks was served before its owner.
//!
//! Three of four connections wait for their answers. The fourth hangs up while it waits for a hash, so that
//! its attempts are not counted.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use actix_web::http::Method;
use futures_util::future::join_all;
use tokio::{
    runtime,
    sync::oneshot,
    time::{sleep, timeout},
};

use crate::support::{
    PASSWORD, Response, TestApp, eventually,
    wire::{FORM, Wire},
};

const WRONG: &str = "wrong";

/// What varies with the n-th attempt: its address, or the account that it tries.
type Forge = fn(usize) -> String;

#[actix_web::test]
async fn a_flood_from_one_ipv4_address() {
    let address: Forge = |_| "203.0.113.7".to_owned();
    for account in [alice as Forge, ever_new] {
        assert_that_she_logs_in("alice", home, Flood { address, account, password: WRONG }).await;
    }
}

/// The throttle delays no right password, so only the queue lets the owner pass.
#[actix_web::test]
async fn a_flood_of_right_passwords_from_one_ipv4_address() {
    let address: Forge = |_| "203.0.113.7".to_owned();
    assert_that_she_logs_in("alice", home, Flood { address, account: alice, password: PASSWORD }).await;
}

#[actix_web::test]
async fn a_flood_from_one_ipv6_network_with_ever_new_addresses() {
    let address: Forge = |n| format!("2001:db8:1:2:{:x}::1", n % 0x1_0000);
    for account in [alice as Forge, ever_new] {
        assert_that_she_logs_in("alice", home, Flood { address, account, password: WRONG }).await;
    }
}

#[actix_web::test]
async fn a_flood_from_one_site_with_ever_new_networks() {
    let address: Forge = |n| format!("2001:db8:1:{:x}::1", n % 0x1_0000);
    for account in [alice as Forge, ever_new] {
        assert_that_she_logs_in("alice", home, Flood { address, account, password: WRONG }).await;
    }
}

#[actix_web::test]
async fn a_flood_from_ever_new_sites_on_somebody_elses_account() {
    let address: Forge = |n| format!("2001:db8:{:x}:1::1", n % 0x1_0000);
    // People at home, each in a different network; a site that logs in again has already had its turn in the
    // round.
    let homes: Forge = |n| format!("198.51.{}.1", n % 256);
    assert_that_she_logs_in("carol", homes, Flood { address, account: alice, password: WRONG }).await;
}

fn home(_: usize) -> String {
    "198.51.100.1".to_owned()
}

fn alice(_: usize) -> String {
    "alice".to_owned()
}

fn ever_new(attempt: usize) -> String {
    format!("nobody{attempt}")
}

async fn assert_that_she_logs_in(name: &str, from: Forge, flood: Flood) {
    let app = TestApp::start_with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        // The hashes of all waiting logins take a second together.
        config.password.bcrypt_cost = 9;
    })
    .await;
    app.register(name).await;
    assert_eq!(log_in(&app, name, &from(0)).await.status, 200);
    let slots = app.sekisho.passwords().slots();
    // Two hundred connections on two cores.
    let connections = 25 * slots;
    let flood = flood.start(app.address, connections);
    eventually("the flood has come", async || flood.attempts.get() > 2 * connections).await;

    let hashed_before = flood.hashed.get();
    for number in 1..=20 {
        let answer = log_in(&app, name, &from(number)).await;

        // The server itself asserts that the wait was within the budget.
        assert_eq!(answer.status, 200, "login {number}, {} attempts: {}", flood.attempts.get(), answer.body);
        if number == 5 {
            // The hashes being computed go before the owner's, and those that share a group with it go beside
            // it, but not all that wait. (Later the throttle stops the flood.)
            let per_login = (flood.hashed.get() - hashed_before) / 5;
            assert!(per_login <= 8 * slots, "{per_login} of the flood for each of hers");
        }
    }

    flood.end().await;
}

async fn log_in(app: &TestApp, name: &str, address: &str) -> Response {
    let headers = [("content-type", FORM), ("x-forwarded-for", address)];
    app.send_body(Method::POST, "/token", &headers, format!("username={name}&password={PASSWORD}")).await
}

/// Connections that log in without pause.
#[derive(Clone, Copy)]
struct Flood {
    address: Forge,
    account: Forge,
    password: &'static str,
}

/// A running flood, on a separate thread.
struct Flooding {
    is_over: Arc<AtomicBool>,
    /// The number of logins that were sent.
    attempts: Count,
    /// The number of answers that took a hash.
    hashed: Count,
    ended: oneshot::Receiver<()>,
}

#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn add_one(&self) -> usize {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

impl Flood {
    fn start(self, server: SocketAddr, connections: usize) -> Flooding {
        let (is_over, attempts, hashed) =
            (Arc::new(AtomicBool::new(false)), Count::default(), Count::default());
        let (end, ended) = oneshot::channel();
        let connections = (0..connections).map(|number| {
            let (is_over, attempts, hashed) = (Arc::clone(&is_over), attempts.clone(), hashed.clone());
            async move {
                let mut wire = None;
                while !is_over.load(Ordering::Relaxed) {
                    let attempt = attempts.add_one();
                    let request = self.request(attempt);
                    wire = if number % 4 == 0 {
                        hang_up(server, &request).await;
                        None
                    } else {
                        wait_for_the_answer(server, wire, &request, &hashed).await
                    };
                }
            }
        });
        let connections: Vec<_> = connections.collect();
        thread::spawn(move || {
            // The flood comes from elsewhere, and should not compete with the server for the cores.
            rustix::process::setpriority_process(None, 19).unwrap();
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(join_all(connections));
            let _ = end.send(());
        });
        Flooding { is_over, attempts, hashed, ended }
    }

    /// A login, as a proxy forwards it.
    fn request(self, attempt: usize) -> String {
        let (address, account) = ((self.address)(attempt), (self.account)(attempt));
        let body = format!("username={account}&password={}", self.password.replace(' ', "+"));
        format!(
            "POST /token HTTP/1.1\r\nHost: sekisho.test\r\nX-Forwarded-For: {address}\r\n\
             Content-Type: {FORM}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

impl Flooding {
    async fn end(self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.ended.await.unwrap();
    }
}

/// Sends a login and reads the answer. The connection is reused unless the server has closed it.
async fn wait_for_the_answer(
    server: SocketAddr,
    wire: Option<Wire>,
    request: &str,
    hashed: &Count,
) -> Option<Wire> {
    let mut wire = match wire {
        Some(wire) => wire,
        None => Wire::connect(server).await,
    };
    wire.send(request).await;
    let answer = timeout(Duration::from_secs(10), wire.answer()).await.ok()??;
    if [200, 401].contains(&answer.status) {
        hashed.add_one();
    }
    Some(wire)
}

/// Sends a login and hangs up before the wait for its hash is over.
async fn hang_up(server: SocketAddr, request: &str) {
    let mut wire = Wire::connect(server).await;
    wire.send(request).await;
    sleep(Duration::from_millis(50)).await;
}
