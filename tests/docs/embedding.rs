//! What README.md says about Sekisho inside another application.

use actix_web::{
    App,
    http::{StatusCode, header},
    test::{TestRequest, call_service, init_service, read_body, read_body_json},
    web,
};
use sekisho::{
    actors::account::AddUser,
    app::{Overrides, Sekisho},
    config::{Config, Database},
    domain::{Email, Password, RequestOrigin, Role, Username},
    http::{CurrentAdmin, CurrentUser, refuse_unknown_paths},
};
use serde_json::{Value, json};

async fn name(CurrentUser(caller): CurrentUser) -> String {
    caller.user.username.as_str().to_owned()
}

async fn administrator(CurrentAdmin(caller): CurrentAdmin) -> String {
    caller.user.username.as_str().to_owned()
}

async fn sekisho(issuer: &str) -> Sekisho {
    let mut config = Config::default();
    config.database.location = Database::Memory;
    config.password.bcrypt_cost = 4;
    Sekisho::start(config, issuer, Overrides::default()).await.unwrap()
}

#[actix_web::test]
async fn a_scope_has_the_api_and_a_current_user_and_the_page() {
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
    let page = read_body(call_service(&app, get("/auth/docs").to_request()).await).await;
    assert!(String::from_utf8_lossy(&page).contains(r#"href="/auth/docs/swagger-ui.css""#), "{page:?}");
    let part = call_service(&app, get("/auth/docs/swagger-ui.css").to_request()).await;
    assert_eq!(part.status(), StatusCode::OK);
}

#[actix_web::test]
async fn a_handler_for_administrators_takes_role_scope_and_audience() {
    let sekisho = sekisho("http://sekisho.test").await;
    for (name, role) in [("root", Role::Admin), ("alice", Role::User)] {
        let password = Password::new("correct horse battery".to_owned());
        let add = AddUser {
            email: Email::parse(&format!("{name}@example.com")).unwrap(),
            username: Username::parse(name).unwrap(),
            password: sekisho.password_policy().accept(password, &[]).unwrap(),
            role,
            origin: RequestOrigin::default(),
        };
        sekisho.accounts().ask(add).await.unwrap();
    }
    let app = App::new()
        .route("/name", web::get().to(name))
        .route("/administrator", web::get().to(administrator))
        .configure(|config| sekisho.configure(config));
    let app = init_service(app).await;

    for (name, scope, as_user, as_administrator) in [
        ("alice", "", 200, 403),
        ("alice", "user", 200, 403),
        ("root", "", 200, 403),
        ("root", "user", 200, 403),
        ("root", "admin", 403, 200),
        ("root", "user admin", 200, 200),
    ] {
        let log_in = [("username", name), ("password", "correct horse battery"), ("scope", scope)];
        let log_in = TestRequest::post().uri("/token").set_form(log_in).to_request();
        let tokens: Value = read_body_json(call_service(&app, log_in).await).await;
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        for (path, expected) in [("/name", as_user), ("/administrator", as_administrator)] {
            let request = TestRequest::get().uri(path).insert_header((header::AUTHORIZATION, bearer.clone()));
            let answer = call_service(&app, request.to_request()).await;
            assert_eq!(answer.status(), expected, "{name} {scope} {path}");
        }
    }
    for path in ["/name", "/administrator"] {
        let answer = call_service(&app, TestRequest::get().uri(path).to_request()).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
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
