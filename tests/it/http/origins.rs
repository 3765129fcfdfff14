//! Pages of other origins, and proxies in front.

use actix_web::http::Method;

use crate::support::{PASSWORD, Response, TestApp, Tokens, wire::FORM};

const APP: &str = "https://app.example.com";

async fn preflight(app: &TestApp, path: &str, origin: &str, method: &str) -> Response {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    app.send_with(Method::OPTIONS, path, &headers).await
}

#[actix_web::test]
async fn pages_of_a_configured_origin_may_call() {
    let app = TestApp::start_with(|config| {
        config.server.cors_origins = vec!["https://other.example.com".to_owned(), APP.to_owned()];
    })
    .await;
    for (path, method) in [("/token", "POST"), ("/users/me", "PATCH"), ("/users/me/sessions/1", "DELETE")] {
        let allowed = preflight(&app, path, APP, method).await;

        assert_eq!(allowed.status, 200, "{path}");
        assert_eq!(allowed.header("access-control-allow-origin"), Some(APP));
        let methods = allowed.header("access-control-allow-methods").unwrap();
        for name in ["GET", "POST", "PATCH", "DELETE"] {
            assert!(methods.contains(name), "{methods}");
        }
        let headers = allowed.header("access-control-allow-headers").unwrap().to_lowercase();
        assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
        assert_eq!(allowed.header("access-control-max-age"), Some("3600"));
    }

    // The page must be able to read an error, too.
    for (path, status) in [("/healthz", 200), ("/users/me", 401), ("/nothing", 404)] {
        let answer = app.send_with(Method::GET, path, &[("origin", APP)]).await;

        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(APP), "{path}");
        let exposed = answer.header("access-control-expose-headers").unwrap();
        for name in ["x-request-id", "retry-after", "www-authenticate", "location"] {
            assert!(exposed.to_lowercase().contains(name), "{exposed}");
        }
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert!(answer.header("vary").unwrap().to_lowercase().contains("origin"), "{path}");
    }
}

#[actix_web::test]
async fn pages_of_any_other_origin_may_not() {
    let app = TestApp::start_with(|config| config.server.cors_origins = vec![APP.to_owned()]).await;
    for origin in [
        "https://evil.example.com",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.com",
        "null",
    ] {
        for answer in [
            preflight(&app, "/token", origin, "POST").await,
            app.send_with(Method::GET, "/healthz", &[("origin", origin)]).await,
        ] {
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        }
    }
}

#[actix_web::test]
async fn without_a_configured_origin_no_page_elsewhere_may_call() {
    let app = TestApp::start().await;

    let preflight = preflight(&app, "/token", APP, "POST").await;
    let plain = app.send_with(Method::GET, "/healthz", &[("origin", APP)]).await;

    assert_eq!((preflight.status.as_u16(), preflight.header("allow")), (405, Some("POST")));
    assert_eq!(plain.status, 200);
    for answer in [preflight, plain] {
        assert!(answer.headers.iter().all(|(name, _)| !name.as_str().starts_with("access-control-")));
    }
}

async fn ip_of_a_login(app: &TestApp, header: (&str, &str)) -> String {
    let body = format!("username=alice&password={}", PASSWORD.replace(' ', "+"));
    let answer = app.send_body(Method::POST, "/token", &[("content-type", FORM), header], &*body).await;
    let sessions = app.sessions(&Tokens::of(&answer).access).await;
    sessions[0]["ip"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_trusted_proxy_says_where_a_login_came_from() {
    let app =
        TestApp::start_with(|config| config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()])
            .await;
    app.register("alice").await;
    for (header, expected) in [
        (("x-forwarded-for", "203.0.113.9"), "203.0.113.9"),
        (("x-forwarded-for", "6.6.6.6, 203.0.113.9"), "203.0.113.9"),
        (("x-forwarded-for", "203.0.113.9, 127.0.0.2"), "203.0.113.9"),
        (("forwarded", "for=\"[2001:db8::7]:4711\";proto=https"), "2001:db8::7"),
        (("x-forwarded-for", "nonsense"), "127.0.0.1"),
        (("x-real-ip", "203.0.113.9"), "127.0.0.1"),
    ] {
        assert_eq!(ip_of_a_login(&app, header).await, expected, "{header:?}");
    }
}

#[actix_web::test]
async fn nobody_else_says_where_a_login_came_from() {
    for trusted in [vec![], vec!["10.0.0.0/8".parse().unwrap()]] {
        let app = TestApp::start_with(|config| config.server.trusted_proxies = trusted).await;
        app.register("alice").await;

        assert_eq!(ip_of_a_login(&app, ("x-forwarded-for", "203.0.113.9")).await, "127.0.0.1");
        assert_eq!(ip_of_a_login(&app, ("forwarded", "for=203.0.113.9")).await, "127.0.0.1");
    }
}

#[actix_web::test]
async fn behind_a_proxy_one_guesser_does_not_slow_the_owner() {
    let app =
        TestApp::start_with(|config| config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()])
            .await;
    app.register("alice").await;
    let try_from = async |ip: &str, password: &str| {
        let body = format!("username=alice&password={}", password.replace(' ', "+"));
        let headers = [("content-type", FORM), ("x-forwarded-for", ip)];
        app.send_body(Method::POST, "/token", &headers, body).await.status.as_u16()
    };
    for _ in 0..5 {
        assert_eq!(try_from("198.51.100.6", "wrong").await, 401);
    }

    assert_eq!(try_from("198.51.100.6", PASSWORD).await, 429);
    assert_eq!(try_from("198.51.100.200", PASSWORD).await, 429);
    assert_eq!(try_from("203.0.113.9", PASSWORD).await, 200);
}
