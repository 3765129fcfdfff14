//! Once: within the grace period, anyone who presented the last refresh token got the current one, a thief as
//! well as a client whose answer was lost.

use actix_web::http::Method;

use crate::support::{
    Response, TestApp, Tokens,
    wire::{FORM, Wire},
};

const HOME: &str = "198.51.100.7";
const NEIGHBOUR: &str = "198.51.100.200";
const ELSEWHERE: &str = "203.0.113.9";

async fn start() -> TestApp {
    TestApp::start_with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        config.server.metrics_listen = Some("127.0.0.1:0".parse().unwrap());
    })
    .await
}

async fn refresh_from(app: &TestApp, token: &str, ip: &str, user_agent: &str) -> Response {
    let headers = [("content-type", FORM), ("x-forwarded-for", ip), ("user-agent", user_agent)];
    let body = format!("grant_type=refresh_token&refresh_token={token}");
    app.send_body(Method::POST, "/token", &headers, body).await
}

#[actix_web::test]
async fn another_network_and_another_agent_end_the_session_at_once() {
    let app = start().await;
    let first = app.newcomer("alice").await;
    let owner = Tokens::of(&refresh_from(&app, &first.refresh, HOME, "App/1").await);

    let thief = refresh_from(&app, &first.refresh, ELSEWHERE, "curl/8").await;

    assert_eq!((thief.status.as_u16(), &*thief.code()), (401, "refresh_token_reused"));
    assert_eq!(app.me(&owner.access).await.status, 401);
    assert_eq!(refresh_from(&app, &owner.refresh, HOME, "App/1").await.code(), "invalid_grant");
}

#[actix_web::test]
async fn a_retry_of_the_same_program_or_from_the_same_network_is_answered() {
    let app = start().await;
    let first = app.newcomer("alice").await;
    let owner = Tokens::of(&refresh_from(&app, &first.refresh, HOME, "App/1").await);

    // A phone that changed networks, an app that was updated, a second browser on the same network.
    for (ip, agent) in [(HOME, "App/1"), (NEIGHBOUR, "App/2"), (ELSEWHERE, "App/1"), ("2001:db8::1", "App/1")]
    {
        let retry = Tokens::of(&refresh_from(&app, &first.refresh, ip, agent).await);
        assert_eq!(retry.refresh, owner.refresh, "{ip} {agent}");
    }
    assert_eq!(app.me(&owner.access).await.status, 200);
}

#[actix_web::test]
async fn who_is_not_known_is_no_thief() {
    let app = start().await;
    let first = app.newcomer("alice").await;
    // No agent, and an address that no proxy gives.
    let owner = Tokens::of(&refresh_from(&app, &first.refresh, HOME, "").await);

    let retry = Tokens::of(&refresh_from(&app, &first.refresh, ELSEWHERE, "curl/8").await);

    assert_eq!(retry.refresh, owner.refresh);
}

#[actix_web::test]
async fn a_replay_from_another_network_is_counted() {
    let app = start().await;
    let first = app.newcomer("alice").await;
    refresh_from(&app, &first.refresh, HOME, "App/1").await;
    let counted = async || {
        let mut wire = Wire::connect(app.metrics_address.unwrap()).await;
        wire.send("GET /metrics HTTP/1.1\r\nHost: sekisho.test\r\n\r\n").await;
        let body = wire.answer().await.unwrap().body;
        let name = "sekisho_refreshes_total{outcome=\"replayed_elsewhere\"} ";
        let count = body.lines().find_map(|line| line.strip_prefix(name));
        count.map_or(0, |count| count.parse::<u64>().unwrap())
    };
    let before = counted().await;

    refresh_from(&app, &first.refresh, ELSEWHERE, "App/1").await;

    assert!(counted().await > before);
}
