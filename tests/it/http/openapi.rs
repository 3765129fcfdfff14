//! Compares the OpenAPI document with the routes. Each answer that any test reads is checked for a documented
//! status and body: see [`crate::support::contract`].

use std::collections::BTreeSet;

use sekisho::http::PATHS;
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    contract::{DOCUMENT, operation, resolve},
};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

fn without_slash(path: &str) -> String {
    if path == "/" { path.to_owned() } else { path.trim_end_matches('/').to_owned() }
}

#[test]
fn the_document_has_every_route_and_no_other() {
    let declared: BTreeSet<(String, &str)> = PATHS
        .iter()
        .flat_map(|(path, methods)| methods.iter().map(|method| (without_slash(path), *method)))
        .collect();
    let mut documented = BTreeSet::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for method in METHODS.into_iter().filter(|method| item.get(*method).is_some()) {
            assert!(documented.insert((without_slash(path), method)), "{method} {path} is documented twice");
        }
    }

    assert_eq!(documented, declared);
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(target) if name == "$ref" => found.push(target),
                    other => references(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let mut found = Vec::new();
    references(&DOCUMENT, &mut found);

    for target in &found {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(DOCUMENT.pointer(pointer).is_some(), "{target} leads nowhere");
    }
    for kind in ["schemas", "responses", "headers", "parameters"] {
        for name in DOCUMENT["components"][kind].as_object().into_iter().flat_map(serde_json::Map::keys) {
            let target = format!("#/components/{kind}/{name}");
            // The answer of any path to a method that it does not have: no operation documents it.
            let is_of_no_operation = name == "MethodNotAllowed";
            assert!(is_of_no_operation || found.contains(&target.as_str()), "{target} is used nowhere");
        }
    }
}

#[test]
fn every_operation_says_what_it_needs_and_what_it_answers() {
    let mut ids = BTreeSet::new();
    for (path, methods) in PATHS {
        for method in methods {
            let operation = operation(path, method).unwrap();
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id), "{id} is the name of two operations");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{id}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with(['2', '3'])), "{id} never succeeds");
            for (status, response) in responses {
                let response = resolve(response);
                assert!(response["description"].is_string(), "{id} {status}");
                let has_body = response["content"].is_object();
                assert!(has_body || !status.starts_with('4'), "{id} {status} has no body");
            }
            // An operation needs a token exactly if it documents the answer to a missing one.
            let secured = operation.get("security").is_some();
            assert!(!secured || responses.contains_key("401"), "{id}");
            let named: Vec<_> = path.split('/').filter(|part| part.starts_with('{')).collect();
            let in_path = operation["parameters"].as_array().into_iter().flatten().map(resolve);
            let in_path: Vec<_> = in_path.filter(|parameter| parameter["in"] == "path").collect();
            assert_eq!(in_path.len(), named.len(), "{id}");
            for parameter in in_path {
                assert!(
                    named.contains(&format!("{{{}}}", parameter["name"].as_str().unwrap()).as_str()),
                    "{id}"
                );
                assert_eq!(parameter["required"], true, "{id}");
            }
        }
    }
}

#[test]
fn the_password_flow_leads_to_the_token_endpoint() {
    assert_eq!(DOCUMENT["openapi"].as_str().map(|version| &version[..4]), Some("3.1."));
    let schemes = DOCUMENT["components"]["securitySchemes"].as_object().unwrap();
    let scheme = schemes.values().find(|scheme| scheme["type"] == "oauth2").unwrap();
    let flow = &scheme["flows"]["password"];
    let token_url = flow["tokenUrl"].as_str().unwrap();

    assert_eq!(token_url.trim_matches('/'), "token");
    assert_eq!(flow["scopes"].as_object().unwrap().keys().collect::<Vec<_>>(), ["admin", "user"]);
    for scope in PATHS
        .iter()
        .flat_map(|(path, methods)| methods.iter().filter_map(|m| operation(path, m)?.get("security")))
    {
        let scopes = scope[0]["password"].as_array().unwrap();
        assert!(scopes.iter().all(|scope| scope == "user" || scope == "admin"), "{scopes:?}");
    }
}

#[test]
fn no_schema_of_an_answer_has_a_hash_or_a_password() {
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        let members = schema["properties"].as_object().into_iter().flat_map(serde_json::Map::keys);
        for member in members {
            assert!(!member.contains("hash"), "{name}.{member}");
        }
    }
    for (path, methods) in PATHS {
        for method in methods {
            for (status, response) in operation(path, method).unwrap()["responses"].as_object().unwrap() {
                let mut found = Vec::new();
                references(resolve(response), &mut found);
                for target in found {
                    let properties = &DOCUMENT.pointer(&target[1..]).unwrap()["properties"];
                    assert_eq!(properties.get("password"), None, "{method} {path} {status} {target}");
                }
            }
        }
    }
}

#[actix_web::test]
async fn the_document_is_served_as_it_is() {
    let app = TestApp::start().await;

    let answer = app.get("/openapi.json", None).await;

    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.json(), *DOCUMENT);
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_ne!(answer.json(), json!({}));
}
