//! A page of another site could make its visitors' browsers send wrong passwords, and lock their networks
//! out. A form needs no permission, but what the browser says about it is enough to refuse it.

use actix_web::http::Method;

use crate::support::{PASSWORD, Response, TestApp, wire::FORM};

const APP: &str = "https://app.example.com";
const EVIL: &str = "https://evil.example";

/// The headers that a browser adds to a form that a page of `origin` sends.
fn from_page<'a>(site: &'a str, origin: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("content-type", FORM), ("sec-fetch-site", site), ("sec-fetch-mode", "no-cors"), ("origin", origin)]
}

async fn log_in(app: &TestApp, headers: &[(&str, &str)], password: &str) -> Response {
    let body = format!("username=alice&password={}", password.replace(' ', "+"));
    app.send_body(Method::POST, "/token", headers, body).await
}

#[actix_web::test]
async fn wrong_passwords_that_another_sites_page_sends_hold_up_nobody() {
    let app = TestApp::start().await;
    app.register("alice").await;
    for _ in 0..20 {
        let answer = log_in(&app, &from_page("cross-site", EVIL), "wrong").await;

        assert_eq!((answer.status.as_u16(), &*answer.code()), (403, "cross_site_request"));
        assert_eq!(answer.json()["error"], "invalid_request");
    }

    assert_eq!(app.try_log_in("alice", PASSWORD).await.status, 200);
}

#[actix_web::test]
async fn whatever_changes_something_is_refused_to_pages_of_other_sites() {
    let app = TestApp::start().await;
    let token = app.administrator("root").await.access;
    let bearer = format!("Bearer {token}");
    for (path, methods) in app.contract.routes() {
        for method in methods.iter().filter(|method| *method != "GET") {
            for path in [path.to_owned(), format!("{path}/")] {
                let path = path.replace("{id}", "1");
                let mut headers = from_page("cross-site", EVIL);
                headers.push(("authorization", &bearer));

                let answer = app.send_with(method.parse().unwrap(), &path, &headers).await;

                assert_eq!(
                    (answer.status.as_u16(), &*answer.code()),
                    (403, "cross_site_request"),
                    "{method} {path}"
                );
            }
        }
    }
    assert_eq!(app.me(&token).await.status, 200);
}

#[actix_web::test]
async fn our_own_pages_allowed_ones_and_other_programs_are_let_in() {
    let app = TestApp::start_with(|config| {
        config.server.cors_origins = vec![APP.to_owned()];
        config.token.issuer = Some("https://login.example.com".to_owned());
    })
    .await;
    app.register("alice").await;
    let own = format!("http://{}", app.address);
    for headers in [
        vec![("content-type", FORM)],
        vec![("content-type", FORM), ("sec-fetch-mode", "cors")],
        vec![("content-type", FORM), ("origin", &own)],
        vec![("content-type", FORM), ("origin", "https://login.example.com")],
        vec![("content-type", FORM), ("origin", APP)],
        from_page("same-origin", &own),
        from_page("cross-site", APP),
        from_page("same-site", APP),
    ] {
        assert_eq!(log_in(&app, &headers, PASSWORD).await.status, 200, "{headers:?}");
    }
    for headers in [
        from_page("cross-site", "null"),
        from_page("same-site", "https://blog.example.com"),
        vec![("content-type", FORM), ("sec-fetch-site", "cross-site")],
        vec![("content-type", FORM), ("origin", EVIL)],
        vec![("content-type", FORM), ("origin", "null")],
    ] {
        assert_eq!(log_in(&app, &headers, PASSWORD).await.status, 403, "{headers:?}");
    }
}

#[actix_web::test]
async fn what_changes_nothing_is_read_from_anywhere() {
    let app = TestApp::start().await;
    let token = app.newcomer("alice").await.access;
    let bearer = format!("Bearer {token}");
    for path in ["/healthz", "/docs", "/.well-known/jwks.json", "/users/me", "/users/me/sessions"] {
        let headers = [("sec-fetch-site", "cross-site"), ("origin", EVIL), ("authorization", &*bearer)];

        assert_eq!(app.send_with(Method::GET, path, &headers).await.status, 200, "{path}");
    }
}
