//! Arbitrary requests: none causes an internal error.

use actix_web::{
    http::Method,
    rt::{System, SystemRunner},
};
use proptest::{prelude::*, string::string_regex};

use super::properties::runner;
use crate::support::{
    Response, TestApp,
    wire::{FORM, JSON},
};

/// One server for all cases of a property.
struct Server {
    system: SystemRunner,
    app: TestApp,
}

impl Server {
    fn start() -> Self {
        let system = System::new();
        let app = system.block_on(TestApp::start());
        Self { system, app }
    }

    fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Response {
        self.system.block_on(self.app.send_body(method, path, headers, body))
    }
}

/// Bytes, half of which are characters that a parser treats specially.
fn bodies(of_interest: &'static str) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        string_regex(of_interest).unwrap().prop_map(String::into_bytes),
    ]
}

#[test]
fn no_body_of_a_registration_is_our_fault() {
    let server = Server::start();
    let json = r#"(\{|\}|\[|\]|:|,|"|\\|"email":|"username":|"password":|"user":\{|"a@b\.cd"|"longenough"|null|1e9| ){0,20}"#;
    runner()
        .run(&bodies(json), |body| {
            let answer = server.send(Method::POST, "/users/", &[("content-type", JSON)], body);

            prop_assert!([201, 409, 422].contains(&answer.status.as_u16()), "{:?}", answer);
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_registration_with_arbitrary_values_is_our_fault() {
    let server = Server::start();
    let values = (any::<String>(), any::<String>(), "\\PC{8,40}");
    runner()
        .run(&values, |(email, username, password)| {
            let body = serde_json::json!({ "email": email, "username": username, "password": password });

            let answer = server.send(
                Method::POST,
                "/users/",
                &[("content-type", JSON)],
                body.to_string().into_bytes(),
            );

            prop_assert_eq!(answer.status.as_u16(), 422);
            Ok(())
        })
        .unwrap();
}

#[test]
fn whoever_can_register_can_log_in_with_that_very_password() {
    let server = Server::start();
    let count = std::cell::Cell::new(0);
    runner()
        .run(&"[^\0]{8,60}", |password| {
            count.set(count.get() + 1);
            let name = format!("user{}", count.get());
            let body = serde_json::json!({
                "email": format!("{name}@example.com"), "username": name, "password": password,
            });
            let registered = server.send(
                Method::POST,
                "/users/",
                &[("content-type", JSON)],
                body.to_string().into_bytes(),
            );
            prop_assert_eq!(registered.status.as_u16(), 201);

            let login = server.system.block_on(server.app.try_log_in(&name, &password));

            prop_assert_eq!(login.status.as_u16(), 200);
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_body_of_a_token_request_is_our_fault() {
    let server = Server::start();
    let form =
        "(username=|password=|grant_type=|refresh_token|password|scope=|user|&|=|%|%0|%00|%ff|\\+|a|;){0,20}";
    runner()
        .run(&bodies(form), |body| {
            for path in ["/token", "/revoke"] {
                let answer = server.send(Method::POST, path, &[("content-type", FORM)], body.clone());

                let expected = [200, 400, 401, 422, 429];
                prop_assert!(expected.contains(&answer.status.as_u16()), "{:?}", answer);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_refresh_token_is_our_fault() {
    let server = Server::start();
    let tokens = prop_oneof![any::<String>(), string_regex("[A-Za-z0-9_-]{60,90}").unwrap()];
    runner()
        .run(&tokens, |token| {
            let answer = server.system.block_on(server.app.refresh(&token));

            let expected = if token.is_empty() { 422 } else { 401 };
            prop_assert_eq!(answer.status.as_u16(), expected);
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_authorization_is_our_fault() {
    let server = Server::start();
    let values = prop_oneof![
        string_regex("[ -~]{0,200}").unwrap(),
        string_regex("(B|b)earer[ ]{0,3}[A-Za-z0-9_.=-]{0,80}").unwrap(),
        string_regex("Bearer eyJ[A-Za-z0-9_-]{10,60}\\.eyJ[A-Za-z0-9_-]{10,60}\\.[A-Za-z0-9_-]{0,90}")
            .unwrap(),
    ];
    runner()
        .run(&values, |value| {
            for path in ["/users/me", "/users", "/users/me/sessions"] {
                let answer = server.send(Method::GET, path, &[("authorization", &value)], Vec::new());

                prop_assert_eq!(answer.status.as_u16(), 401, "{:?}", value);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_query_of_an_administrator_is_our_fault() {
    let server = Server::start();
    let token = server.system.block_on(server.app.administrator("root")).access;
    let bearer = format!("Bearer {token}");
    let queries = "((limit|after|q|ended|x)=(-?[0-9]{0,20}|[A-Za-z0-9_-]{0,30}|(%[0-9a-f]{2}){0,8})&?){0,4}";
    runner()
        .run(&queries, |query| {
            for path in ["/users", "/users/me/sessions"] {
                let path = format!("{path}?{query}");
                let answer = server.send(Method::GET, &path, &[("authorization", &bearer)], Vec::new());

                prop_assert!([200, 422].contains(&answer.status.as_u16()), "{:?}", answer);
            }
            Ok(())
        })
        .unwrap();
}
