//! The instructions to browsers and caches in answers, in Sekisho's own server and in an embedding
//! application.

use actix_web::{
    App, HttpResponse,
    http::{
        Method,
        header::{ContentType, HeaderMap},
    },
    test, web,
};
use sekisho::http::{CurrentUser, Observe};

use crate::support::{PASSWORD, TestApp};

fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[actix_web::test]
async fn every_answer_is_for_no_frame_and_tells_no_other_site_where_one_was() {
    let app = TestApp::start().await;
    let routes = app.contract.routes();
    let paths = routes.iter().map(|(path, _)| path.replace("{id}", "1").replace("{file}", "index.css"));
    for path in paths.chain(["/nothing".to_owned()]) {
        for method in
            [Method::GET, Method::HEAD, Method::POST, Method::DELETE, Method::OPTIONS, Method::TRACE]
        {
            let answer = app.send(method.clone(), &path, None).await;

            let policy = answer.header("content-security-policy").unwrap_or_default();
            for directive in ["default-src 'none'", "frame-ancestors 'none'"] {
                assert!(policy.split("; ").any(|found| found == directive), "{method} {path}: {policy}");
            }
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{method} {path}");
            assert_eq!(answer.header("strict-transport-security"), None, "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn where_the_issuer_has_tls_browsers_are_told_to_keep_to_it() {
    let app =
        TestApp::start_with(|config| config.token.issuer = Some("https://login.example.com".to_owned()))
            .await;
    for path in ["/docs", "/users/me", "/healthz", "/nothing", "/token"] {
        let answer = app.get(path, None).await;

        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"), "{path}");
    }
}

#[actix_web::test]
async fn in_anothers_server_no_cache_keeps_a_token_or_a_user() {
    let server = TestApp::start().await;
    let sekisho = server.sekisho.clone();
    let app = test::init_service(App::new().configure(|config| sekisho.configure(config))).await;
    let body = format!(r#"{{"email":"a@example.com","username":"alice","password":"{PASSWORD}"}}"#);
    let register =
        test::TestRequest::post().uri("/users/").insert_header(ContentType::json()).set_payload(body);
    let log_in =
        test::TestRequest::post().uri("/token").set_form([("username", "alice"), ("password", PASSWORD)]);
    let registered = test::call_service(&app, register.to_request()).await;
    let tokens = test::call_service(&app, log_in.to_request()).await;
    assert_eq!((registered.status().as_u16(), tokens.status().as_u16()), (201, 200));
    assert_eq!(value(registered.headers(), "cache-control"), Some("no-store"));
    assert_eq!(value(tokens.headers(), "cache-control"), Some("no-store"));
    let tokens: serde_json::Value = test::read_body_json(tokens).await;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());

    for (path, status) in
        [("/users/me", 200), ("/users/me/sessions", 200), ("/users", 403), ("/users/1", 403)]
    {
        let request = test::TestRequest::get().uri(path).insert_header(("authorization", bearer.as_str()));
        let answer = test::call_service(&app, request.to_request()).await;

        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(value(answer.headers(), "cache-control"), Some("no-store"), "{path}");
    }
}

#[actix_web::test]
async fn pages_of_an_application_that_embeds_sekisho_load_what_they_like() {
    let server =
        TestApp::start_with(|config| config.token.issuer = Some("https://login.example.com".to_owned()))
            .await;
    let sekisho = server.sekisho.clone();
    let app = test::init_service(
        App::new()
            .wrap(Observe)
            .route("/own", web::get().to(HttpResponse::Ok))
            .route("/greeting", web::get().to(async |_: CurrentUser| "Hello"))
            .configure(|config| sekisho.configure(config)),
    )
    .await;
    let get =
        async |path: &str| test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await;

    let (own, refused, ours) = (get("/own").await, get("/greeting").await, get("/users/me").await);

    for name in ["content-security-policy", "strict-transport-security", "referrer-policy"] {
        assert_eq!(value(own.headers(), name), None, "{name}");
        assert!(value(refused.headers(), name).is_some() && value(ours.headers(), name).is_some(), "{name}");
    }
    assert_eq!(value(own.headers(), "x-content-type-options"), Some("nosniff"));
    assert_eq!(value(own.headers(), "cache-control"), Some("no-store"));
}
