//! The document, made from the route table.

use serde_json::{Map, Value, json};

use super::{
    operation::{Content, Operation, Tag},
    responses::{Responses, headers, not_modified, success},
    schema::{Parameter, Schemas},
};
use crate::{config::Config, domain::Registration, http::route::Path};

/// The document (OpenAPI 3.1) of a server with this configuration and these routes, which clients see below the base
/// path.
pub(crate) fn document(config: &Config, base_path: &str, routes: &[Path]) -> Value {
    let mut schemas = Schemas { config, named: Map::new() };
    let mut responses = Responses::default();
    let mut paths = Map::new();
    for path in routes {
        let mut item = Map::new();
        for endpoint in &path.endpoints {
            let operation = describe(&mut schemas, &mut responses, &endpoint.operation, endpoint.is_change());
            item.insert(endpoint.method.as_str().to_lowercase(), operation);
        }
        paths.insert(path.pattern.to_owned(), Value::Object(item));
    }
    let tags = Tag::ALL.map(|(tag, text)| json!({ "name": format!("{tag:?}"), "description": text }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sekisho",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Accounts, passwords, sessions and tokens for an API",
            "description": introduction(config.account.registration),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": if base_path.is_empty() { "/" } else { base_path } }],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {
                "password": {
                    "type": "oauth2",
                    "description": "Log in with a username or e-mail address and a password. The client id and \
                        secret may stay empty.",
                    "flows": { "password": {
                        "tokenUrl": format!("{base_path}/token"),
                        "refreshUrl": format!("{base_path}/token"),
                        "scopes": {
                            "user": "Your own account",
                            "admin": "All accounts; the token is only for Sekisho's administration",
                        },
                    }},
                },
            },
            "schemas": schemas.named,
            "responses": responses.0,
            "headers": headers(),
        },
    })
}

fn introduction(registration: Registration) -> String {
    let account = match registration {
        Registration::Open => "Register with `POST /users/`",
        Registration::Closed => "Ask for an account (registration is closed)",
    };
    format!(
        "{account}, log in with `POST /token`, and send the access token as a bearer token.\n\n\
        Every path answers with and without a trailing slash, and HEAD wherever GET does. Any other method is answered \
        405 (`method_not_allowed`); the `allow` header lists the methods that the path has."
    )
}

fn describe(
    schemas: &mut Schemas<'_>,
    responses: &mut Responses,
    operation: &Operation,
    is_change: bool,
) -> Value {
    let mut answers = Map::new();
    let errors: Vec<_> =
        operation.errors(is_change).into_iter().filter(|kind| (kind.occurs)(schemas.config)).collect();
    for kind in &errors {
        let of_status: Vec<_> = errors.iter().copied().filter(|other| other.status == kind.status).collect();
        answers
            .entry(kind.status.as_str())
            .or_insert_with(|| responses.refer(schemas, kind.status, &of_status, operation));
    }
    answers.insert(operation.answer.0.as_str().to_owned(), success(schemas, operation));
    if matches!(operation.answer.2, Content::File(_)) {
        answers.insert("304".to_owned(), not_modified());
    }
    let mut description = Map::from_iter([
        ("operationId".to_owned(), operation.id.into()),
        ("tags".to_owned(), json!([format!("{:?}", operation.tag)])),
        ("summary".to_owned(), operation.summary.into()),
        ("responses".to_owned(), answers.into()),
    ]);
    let mut add = |name: &str, value: Value| description.insert(name.to_owned(), value);
    if !operation.description.is_empty() {
        add("description", operation.description.into());
    }
    if let Some(scopes) = operation.scopes {
        add("security", json!([{ "password": scopes }]));
    }
    if let Some((media_type, schema)) = operation.body {
        let content = json!({ media_type: { "schema": schemas.refer(schema) } });
        add("requestBody", json!({ "required": true, "content": content }));
    }
    if !operation.parameters.is_empty() {
        add("parameters", operation.parameters.iter().map(Parameter::describe).collect());
    }
    description.into()
}
