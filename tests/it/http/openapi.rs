//! The OpenAPI document. It is made from the route table, so it has every route and no other. Each answer that any
//! test reads is checked for a documented status, error and body: see [`crate::support::contract`].

use std::collections::BTreeSet;

use sekisho::{config::Config, domain::Registration, http::openapi_document};
use serde_json::Value;

use crate::support::{TestApp, contract::Contract};

/// Every operation, and the path and method that it is of.
fn operations(contract: &Contract) -> impl Iterator<Item = (String, &Value)> {
    contract.routes().into_iter().flat_map(move |(path, methods)| {
        let operation = |method: String| (format!("{method} {path}"), contract.operation(path, &method));
        methods.into_iter().map(operation).collect::<Vec<_>>()
    })
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
    let document = openapi_document(&Config::default());
    let mut found = Vec::new();
    references(&document, &mut found);

    for target in &found {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{target} leads nowhere");
    }
    for kind in ["schemas", "responses", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            let target = format!("#/components/{kind}/{name}");
            assert!(found.contains(&target.as_str()), "{target} is used nowhere");
        }
    }
}

#[test]
fn every_operation_says_what_it_needs_and_what_it_answers() {
    let contract = Contract::of(&Config::default());
    let mut ids = BTreeSet::new();
    for (route, operation) in operations(&contract) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{id} is the name of two operations");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{id}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = contract.resolve(response);
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{id} {status}");
        }
        let named: Vec<_> = route.split('/').filter(|part| part.starts_with('{')).collect();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let in_path: Vec<_> = parameters.filter(|parameter| parameter["in"] == "path").collect();
        assert_eq!(in_path.len(), named.len(), "{id}");
        for parameter in in_path {
            let name = format!("{{{}}}", parameter["name"].as_str().unwrap());
            assert!(named.contains(&&*name) && parameter["required"] == true, "{id}");
        }
    }
}

#[test]
fn the_password_flow_leads_to_the_token_endpoint() {
    let contract = Contract::of(&Config::default());
    assert_eq!(contract.0["openapi"].as_str().map(|version| &version[..4]), Some("3.1."));
    let flow = &contract.0["components"]["securitySchemes"]["password"]["flows"]["password"];

    assert_eq!(flow["tokenUrl"], "/token");
    let scopes: Vec<_> = flow["scopes"].as_object().unwrap().keys().collect();
    assert_eq!(scopes, ["admin", "user"]);
    for (_, operation) in operations(&contract).filter(|(_, operation)| operation.get("security").is_some()) {
        let needed = operation["security"][0]["password"].as_array().unwrap();
        assert!(needed.iter().all(|scope| scopes.iter().any(|known| scope == *known)), "{needed:?}");
    }
}

#[test]
fn no_schema_of_an_answer_has_a_hash_or_a_password() {
    let contract = Contract::of(&Config::default());
    for (name, schema) in contract.0["components"]["schemas"].as_object().unwrap() {
        let members = schema["properties"].as_object().into_iter().flat_map(serde_json::Map::keys);
        for member in members {
            assert!(!member.contains("hash"), "{name}.{member}");
        }
    }
    for (route, operation) in operations(&contract) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let mut found = Vec::new();
            references(contract.resolve(response), &mut found);
            for target in found {
                let properties = &contract.0.pointer(&target[1..]).unwrap()["properties"];
                assert_eq!(properties.get("password"), None, "{route} {status} {target}");
            }
        }
    }
}

#[test]
fn the_document_knows_the_configuration() {
    let mut config = Config::default();
    config.password.min_length = 14;
    config.token.access.lifetime = std::time::Duration::from_mins(7);
    let open = openapi_document(&config);
    config.account.registration = Registration::Closed;
    config.server.docs = false;
    let closed = openapi_document(&config);

    let schemas = &open["components"]["schemas"];
    assert_eq!(schemas["PasswordChange"]["properties"]["new_password"]["minLength"], 14);
    assert_eq!(schemas["TokenResponse"]["properties"]["expires_in"]["examples"], serde_json::json!([420]));
    let says_closed = |document: &Value| document.to_string().contains("registration_closed");
    assert_eq!((says_closed(&open), says_closed(&closed)), (false, true));
    let has_page = |document: &Value| document["paths"].get("/docs").is_some();
    assert_eq!((has_page(&open), has_page(&closed)), (true, false));
}

#[actix_web::test]
async fn the_document_is_served_as_it_is() {
    let app = TestApp::start_with(|config| config.password.min_length = 12).await;

    let answer = app.get("/openapi.json", None).await;

    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.json(), app.contract.0);
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
}
