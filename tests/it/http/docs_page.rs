//! `/docs` and `/`: the page, from the binary alone.

use actix_web::http::Method;

use crate::support::{TestApp, wire::Wire};

#[actix_web::test]
async fn the_root_leads_to_the_documentation() {
    let app = TestApp::start().await;

    let answer = app.get("/", None).await;

    assert_eq!((answer.status.as_u16(), answer.header("location")), (307, Some("/docs")));
}

#[actix_web::test]
async fn the_page_needs_nothing_from_elsewhere_and_allows_nothing_else() {
    let app = TestApp::start().await;

    let page = app.get("/docs", None).await;

    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    for directive in [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ] {
        assert!(policy.split("; ").any(|found| found == directive), "{directive} in {policy}");
    }
    assert!(!policy.contains("http") && !policy.contains('*') && !policy.contains("unsafe-eval"), "{policy}");
    for outside in ["http:", "https:", "//", "<script>", "onload=", "javascript:"] {
        assert!(!page.body.contains(outside), "{outside}");
    }
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
}

#[actix_web::test]
async fn everything_that_the_page_loads_is_there() {
    let app = TestApp::start().await;
    let page = app.get("/docs", None).await.body;
    let mut loaded = 0;
    for (path, media_type) in page.split(['"', '\'']).filter(|text| text.starts_with("/docs/")).map(|path| {
        let kind = match path.rsplit('.').next().unwrap() {
            "js" => "javascript",
            "css" => "text/css",
            "png" => "image/png",
            other => panic!("{other}"),
        };
        (path, kind)
    }) {
        // A picture is not text; a HEAD shows that it exists.
        let method = if media_type == "image/png" { "HEAD" } else { "GET" };
        let file = app.send(method.parse().unwrap(), path, None).await;

        assert_eq!(file.status, 200, "{path}");
        assert!(file.header("content-type").unwrap().contains(media_type), "{path}");
        assert_eq!(file.header("cache-control"), Some("public, max-age=3600"), "{path}");
        assert!(file.header("content-security-policy").is_some(), "{path}");
        loaded += 1;
    }
    assert_eq!(loaded, 6);
}

#[actix_web::test]
async fn what_a_client_has_is_not_sent_again() {
    let app = TestApp::start().await;
    for path in ["/docs", "/openapi.json", "/docs/swagger-ui-bundle.js"] {
        let whole = app.get(path, None).await;
        let tag = whole.header("etag").unwrap().to_owned();
        assert!(tag.starts_with('"') && tag.len() == 45, "{tag}");
        for known in [&*tag, &format!("W/{tag}"), &format!("\"other\", {tag}"), "*"] {
            for method in [Method::GET, Method::HEAD] {
                let answer = app.send_with(method, path, &[("if-none-match", known)]).await;

                assert_eq!((answer.status.as_u16(), &*answer.body), (304, ""), "{path} {known}");
                for name in ["etag", "cache-control", "content-security-policy"] {
                    assert_eq!(answer.header(name), whole.header(name), "{path} {name}");
                }
            }
        }
        for unknown in ["\"other\"", "nonsense", ""] {
            let answer = app.send_with(Method::GET, path, &[("if-none-match", unknown)]).await;

            assert_eq!(
                (answer.status.as_u16(), answer.body.len()),
                (200, whole.body.len()),
                "{path} {unknown}"
            );
        }
    }
}

#[actix_web::test]
async fn documentation_that_is_switched_off_is_as_unknown_as_any_path() {
    let app = TestApp::start_with(|config| config.server.docs = false).await;
    let mut wire = Wire::connect(app.address).await;
    for path in ["/", "/docs", "/docs/", "/docs/swagger-ui.css", "/openapi.json"] {
        for method in ["GET", "POST"] {
            wire.send(format!("{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
            let answer = wire.answer().await.unwrap();

            assert_eq!(answer.status, 404, "{method} {path}");
            assert_eq!(answer.body, r#"{"code":"not_found","detail":"Not Found"}"#);
        }
    }

    let metadata = app.get("/.well-known/oauth-authorization-server", None).await.json();
    assert!(metadata.get("service_documentation").is_none(), "{metadata}");
    assert_eq!(app.get("/readyz", None).await.status, 200);
}

#[actix_web::test]
async fn the_page_reads_our_own_document_and_asks_no_validator() {
    let app = TestApp::start().await;

    let initializer = app.get("/docs/swagger-initializer.js", None).await.body;

    assert!(initializer.contains("/openapi.json"), "{initializer}");
    assert!(!initializer.contains("http://") && !initializer.contains("https://"), "{initializer}");
    assert!(initializer.contains(r#""validatorUrl": "none""#), "{initializer}");
}
