//! What README.md says of Sekisho inside another application.

use actix_web::{
    App,
    http::{StatusCode, header},
    test::{TestRequest, call_service, init_service, read_body, read_body_json},
    web,
};
use sekisho::{
    app::{Sekisho, Surroundings},
    config::{Config, Database},
    http::{CurrentUser, refuse_unknown_paths},
};
use serde_json::{Value, json};

async fn name(CurrentUser(caller): CurrentUser) -> String {
    caller.user.username.as_str().to_owned()
}

async fn sekisho(issuer: &str) -> Sekisho {
    let mut config = Config::default();
    config.database.database = Database::Memory;
    config.password.bcrypt_cost = 4;
    Sekisho::start(config, issuer, Surroundings::default()).await.unwrap()
}

#[actix_web::test]
async fn a_scope_has_the_api_and_a_current_user_and_no_page() {
    let sekisho = sekisho("http://sekisho.test/auth").await;
    let scope = web::scope("/auth").route("/name", web::get().to(name));
    let scope = scope.configure(|config| sekisho.configure(config));
    let app = init_service(App::new().service(scope).route("/name", web::get().to(name))).await;
    let alice = json!({
        "email": "alice@example.com", "username": "alice", "password": "correct horse battery",
    });
    let log_in = [("username", "alice"), ("password", "correct horse battery")];
    let get = |path: &str| TestRequest::get().uri(path);

    let register = TestRequest::post().uri("/auth/users/").set_json(alice).to_request();
    assert_eq!(call_service(&app, register).await.status(), StatusCode::CREATED);
    let log_in = TestRequest::post().uri("/auth/token").set_form(log_in).to_request();
    let tokens: Value = read_body_json(call_service(&app, log_in).await).await;
    let bearer = (header::AUTHORIZATION, format!("Bearer {}", tokens["access_token"].as_str().unwrap()));

    let inside = call_service(&app, get("/auth/name").insert_header(bearer.clone()).to_request()).await;
    assert_eq!(read_body(inside).await, "alice");
    let outside = call_service(&app, get("/name").insert_header(bearer).to_request()).await;
    assert!(!outside.status().is_success());
    let metadata = get("/auth/.well-known/oauth-authorization-server").to_request();
    let metadata: Value = read_body_json(call_service(&app, metadata).await).await;
    assert_eq!(metadata["token_endpoint"], "http://sekisho.test/auth/token");
    let part = call_service(&app, get("/docs/swagger-ui.css").to_request()).await;
    assert_eq!(part.status(), StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn a_path_that_nobody_has_is_the_applications_own_matter() {
    let sekisho = sekisho("http://sekisho.test").await;
    let plain = init_service(App::new().configure(|config| sekisho.configure(config))).await;
    let refusing = App::new().configure(|config| sekisho.configure(config)).configure(refuse_unknown_paths);
    let refusing = init_service(refusing).await;
    let unknown = || TestRequest::get().uri("/nothing").to_request();

    let of_actix = read_body(call_service(&plain, unknown()).await).await;
    let of_sekisho: Value = read_body_json(call_service(&refusing, unknown()).await).await;

    assert!(of_actix.is_empty());
    assert_eq!(of_sekisho["code"], "not_found");
}
