//! One name has a limit over all networks. It applies to networks from which the account has never logged in,
//! so it does not keep the owner out.

use actix_web::http::Method;
use futures_util::future::join_all;

use crate::support::{PASSWORD, Response, TestApp, wire::FORM};

const HOME: &str = "192.0.2.1";

async fn log_in_from(app: &TestApp, name: &str, password: &str, ip: &str) -> Response {
    let body = format!("username={name}&password={}", password.replace(' ', "+"));
    app.send_body(Method::POST, "/token", &[("content-type", FORM), ("x-forwarded-for", ip)], body).await
}

/// Addresses of one /48, each in a different /64.
fn of_one_site(number: usize) -> String {
    format!("2001:db8:1:{number:x}::1")
}

/// Addresses in different /24s.
fn of_a_botnet(number: usize) -> String {
    format!("10.{}.{}.9", number / 256, number % 256)
}

async fn assert_guesses_come_to_an_end(network: fn(usize) -> String) {
    let app =
        TestApp::start_with(|config| config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()])
            .await;
    app.register("alice").await;
    assert_eq!(log_in_from(&app, "alice", PASSWORD, HOME).await.status, 200);

    for name in ["alice", "nobody"] {
        let networks: Vec<_> = (0..65_536).step_by(211).map(network).collect();
        let guesses = networks.iter().map(|ip| log_in_from(&app, name, "a guess", ip));
        let answers = join_all(guesses).await;

        let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
        let throttled = answers.iter().filter(|answer| answer.status == 429).count();
        assert_eq!((looked_at, throttled), (50, networks.len() - 50), "{name}");
    }
    // Even the right password is not checked, so an account looks like an unknown name.
    let right = log_in_from(&app, "alice", PASSWORD, "198.51.100.7").await;
    let nobody = log_in_from(&app, "nobody", PASSWORD, "198.51.100.7").await;
    assert_eq!((right.status.as_u16(), &*right.body), (429, &*nobody.body));
    assert_eq!(right.header("retry-after"), Some("3600"));
    assert_eq!(nobody.header("retry-after"), Some("3600"));
    for ip in [HOME, "192.0.2.200"] {
        assert_eq!(log_in_from(&app, "alice", PASSWORD, ip).await.status, 200, "{ip}");
    }
}

#[actix_web::test]
async fn guesses_from_every_network_of_a_site_come_to_an_end_and_the_owner_logs_in() {
    assert_guesses_come_to_an_end(of_one_site).await;
}

#[actix_web::test]
async fn guesses_of_a_botnet_come_to_an_end_and_the_owner_logs_in() {
    assert_guesses_come_to_an_end(of_a_botnet).await;
}
