//! Every path, with and without a trailing slash, with every method.

use actix_web::http::Method;
use serde_json::json;

use crate::support::TestApp;

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "OPTIONS", "TRACE", "BREW"];

/// An existing path that matches the declared pattern.
fn example(pattern: &str) -> String {
    pattern.replace("{id}", "1").replace("{file}", "swagger-ui.css")
}

fn allowed(methods: &[String]) -> Vec<&'static str> {
    let has = |method: &str| methods.iter().any(|m| m == method || (method == "HEAD" && m == "GET"));
    METHODS.into_iter().filter(|method| has(method)).collect()
}

/// The paths that have GET.
fn readable(app: &TestApp) -> impl Iterator<Item = &str> {
    let routes = app.contract.routes().into_iter();
    routes.filter(|(_, methods)| methods.iter().any(|method| method == "GET")).map(|(pattern, _)| pattern)
}

#[actix_web::test]
async fn a_trailing_slash_makes_no_difference() {
    let app = TestApp::start().await;
    for (pattern, methods) in app.contract.routes().into_iter().filter(|(pattern, _)| *pattern != "/") {
        for method in METHODS {
            let path = example(pattern);
            let method: Method = method.parse().unwrap();

            let (without, with) = (
                app.send(method.clone(), &path, None).await,
                app.send(method.clone(), &format!("{path}/"), None).await,
            );

            assert_eq!(
                (with.status, &with.body),
                (without.status, &without.body),
                "{method} {path} {methods:?}"
            );
            assert_ne!(with.status, 404, "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn a_method_that_a_path_does_not_have_is_405_and_says_which_it_has() {
    let app = TestApp::start().await;
    for (pattern, methods) in app.contract.routes() {
        let allowed = allowed(&methods);
        for method in METHODS.into_iter().filter(|method| !allowed.contains(method)) {
            let path = example(pattern);

            let answer = app.send(method.parse().unwrap(), &path, None).await;

            assert_eq!(answer.status, 405, "{method} {path}");
            let mut named: Vec<_> = answer.header("allow").unwrap().split(", ").collect();
            named.sort_unstable();
            let mut expected = allowed.clone();
            expected.sort_unstable();
            assert_eq!(named, expected, "{method} {path}");
            if method != "HEAD" {
                assert_eq!(
                    answer.json(),
                    json!({ "detail": "Method Not Allowed", "code": "method_not_allowed" })
                );
            }
        }
        for method in allowed {
            let status = app.send(method.parse().unwrap(), &example(pattern), None).await.status;
            assert_ne!(status, 405, "{method} {pattern}");
        }
    }
}

#[actix_web::test]
async fn head_is_get_without_a_body() {
    let app = TestApp::start().await;
    let token = app.administrator("root").await.access;
    for pattern in readable(&app) {
        let path = example(pattern);

        let get = app.get(&path, Some(&token)).await;
        let head = app.send(Method::HEAD, &path, Some(&token)).await;

        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "content-length", "cache-control", "location"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[actix_web::test]
async fn an_unknown_path_is_404() {
    let app = TestApp::start().await;
    for path in [
        "/nothing",
        "/users/me/nothing",
        "/users/1/nothing",
        "/users//",
        "//users",
        "/users/me//",
        "/USERS/me",
        "/token/x",
        "/metrics",
        "/.well-known",
        "/.well-known/openid-configuration",
        "/docs/nothing.js",
        "/docs/index.html",
        "/docs/..%2f..%2fCargo.toml",
        "/%2e%2e/etc/passwd",
        "/favicon.ico",
        "/%ff%fe",
        "/%00",
        "/🦀",
    ] {
        let path = path.replace('🦀', "%F0%9F%A6%80");
        for method in ["GET", "POST", "DELETE"] {
            let is_declared = app.contract.route_of(&path).is_some();
            if is_declared && method != "GET" {
                continue;
            }
            let answer = app.send(method.parse().unwrap(), &path, None).await;

            assert_eq!(answer.status, 404, "{method} {path}");
            assert_eq!(
                answer.json(),
                json!({ "detail": "Not Found", "code": "not_found" }),
                "{method} {path}"
            );
        }
    }
}

#[actix_web::test]
async fn a_well_formed_request_id_is_kept_and_any_other_replaced() {
    let app = TestApp::start().await;
    let longest = "x".repeat(128);
    let too_long = "x".repeat(129);
    for (given, kept) in [
        ("a", true),
        ("0b1c-77.Trace_9", true),
        (&*longest, true),
        (&too_long, false),
        ("", false),
        ("with space", false),
        ("new\tline", false),
        ("<script>", false),
        ("semi;colon", false),
        ("é", false),
    ] {
        for path in ["/healthz", "/users/me", "/nothing", "/docs"] {
            let answer = app.send_with(Method::GET, path, &[("x-request-id", given)]).await;

            let id = answer.header("x-request-id").unwrap();
            assert_eq!(id == given, kept, "{given} became {id}");
            assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{id}");
        }
    }
}

#[actix_web::test]
async fn generated_request_ids_differ() {
    let app = TestApp::start().await;
    let mut ids = std::collections::HashSet::new();
    for _ in 0..200 {
        let id = app.get("/healthz", None).await.header("x-request-id").unwrap().to_owned();
        assert!(ids.insert(id));
    }
}

#[actix_web::test]
async fn only_what_is_the_same_for_everybody_may_be_cached() {
    let app = TestApp::start().await;
    let token = app.administrator("root").await.access;
    for pattern in readable(&app) {
        let answer = app.get(&example(pattern), Some(&token)).await;
        let expected = match pattern {
            "/docs" | "/openapi.json" => "no-cache",
            "/docs/{file}" => "public, max-age=3600",
            "/.well-known/jwks.json" | "/.well-known/oauth-authorization-server" => "public, max-age=300",
            _ => "no-store",
        };

        assert_eq!(answer.header("cache-control"), Some(expected), "{pattern}");
    }
}

#[actix_web::test]
async fn the_process_lives_and_every_actor_is_ready() {
    let app = TestApp::start().await;

    let (alive, ready) = (app.get("/healthz", None).await, app.get("/readyz", None).await);

    assert_eq!((alive.status.as_u16(), alive.json()), (200, json!({ "status": "alive" })));
    assert_eq!((ready.status.as_u16(), ready.json()), (200, json!({ "status": "ready" })));
}

#[actix_web::test]
async fn without_its_database_the_process_lives_and_is_not_ready() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;
    app.sekisho.close().await.unwrap();

    let (alive, ready) = (app.get("/healthz", None).await, app.get("/readyz", None).await);
    let (me, login, register) =
        (app.me(&tokens.access).await, app.try_log_in("alice", "x").await, app.register("bob").await);

    assert_eq!(alive.status, 200);
    assert_eq!((ready.status.as_u16(), &*ready.code()), (503, "not_ready"));
    assert_eq!(ready.json()["failing"], json!(["db"]));
    for answer in [me, login, register] {
        assert_eq!((answer.status.as_u16(), &*answer.code()), (503, "shutting_down"));
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
}
