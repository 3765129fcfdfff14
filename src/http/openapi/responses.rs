//! The document's responses.

use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    operation::{Content, Operation},
    schema::{Schema, Schemas, object, reference},
};
use crate::http::wire::{api_error::ApiError, errors::ErrorKind, validation::FieldError};

/// The responses of errors, which operations refer to.
#[derive(Default)]
pub(super) struct Responses(pub(super) Map<String, Value>);

impl Responses {
    /// A reference to the response of these errors, which have one status.
    pub(super) fn refer(
        &mut self,
        schemas: &mut Schemas<'_>,
        status: StatusCode,
        errors: &[&'static ErrorKind],
        operation: &Operation,
    ) -> Value {
        let is_oauth = operation.is_oauth;
        let sentences = errors.iter().map(|error| {
            let note = if error.note.is_empty() { String::new() } else { format!(" {}", error.note) };
            format!("`{}`: {}.{note}", error.code, error.sentence)
        });
        let is_validation = status == StatusCode::UNPROCESSABLE_ENTITY;
        let examples = errors.iter().map(|kind| {
            let error = if is_validation {
                FieldError::missing(&["body", "email"]).into()
            } else {
                ApiError::from(*kind)
            };
            (kind.code.to_owned(), json!({ "value": error.body(is_oauth) }))
        });
        let schema = match (is_oauth, is_validation) {
            (false, false) => ERROR,
            (false, true) => VALIDATION_ERROR,
            (true, false) => OAUTH_ERROR,
            (true, true) => OAUTH_VALIDATION_ERROR,
        };
        let challenge = errors.iter().any(|error| error.www_authenticate().is_some());
        let retry = errors.iter().any(|error| error.is_temporary());
        let more = [challenge.then_some("www-authenticate"), retry.then_some("retry-after")];
        let media = json!({ "schema": schemas.refer(schema), "examples": examples.collect::<Map<_, _>>() });
        let response = json!({
            "description": sentences.collect::<Vec<_>>().join("\n\n"),
            "headers": header_references(more.into_iter().flatten()),
            "content": { "application/json": media },
        });
        if let Some((name, _)) = self.0.iter().find(|(_, known)| **known == response) {
            return reference("responses", name);
        }
        // It is named by its status, and if another has that name, by the first operation that gives it as well.
        let mut name = status.canonical_reason().unwrap_or_default().replace(' ', "");
        if self.0.contains_key(&name) {
            name = format!("{name}.{}", operation.id);
        }
        let reference = reference("responses", &name);
        self.0.insert(name, response);
        reference
    }
}

/// The response to a request that succeeded.
pub(super) fn success(schemas: &mut Schemas<'_>, operation: &Operation) -> Value {
    let (status, description, content) = operation.answer;
    let location = (status == StatusCode::CREATED).then_some("location");
    let headers = header_references(location.into_iter());
    let content = match content {
        Content::Empty => return json!({ "description": description, "headers": headers }),
        Content::Schema(media_type, schema) => json!({ media_type: { "schema": schemas.refer(schema) } }),
        Content::File(media_types) => {
            media_types.iter().map(|name| ((*name).to_owned(), json!({}))).collect()
        }
    };
    json!({ "description": description, "headers": headers, "content": content })
}

/// The response to a client that has a file already.
pub(super) fn not_modified() -> Value {
    let description = "The client has the file: `if-none-match` names its `etag`.";
    json!({ "description": description, "headers": header_references(std::iter::empty()) })
}

/// References to the headers of every answer, and to `more`.
fn header_references(more: impl Iterator<Item = &'static str>) -> Value {
    let common = [
        "x-request-id",
        "x-content-type-options",
        "cache-control",
        "content-security-policy",
        "referrer-policy",
        "strict-transport-security",
    ];
    let all = common.into_iter().chain(more);
    Value::Object(all.map(|name| (name.to_owned(), reference("headers", name))).collect())
}

/// The headers that responses refer to.
pub(super) fn headers() -> Value {
    json!({
        "x-request-id": {
            "description": "The request's id in the log: the client's, if it sent a well-formed one.",
            "schema": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$" },
        },
        "x-content-type-options": { "schema": { "type": "string", "const": "nosniff" } },
        "cache-control": { "schema": { "type": "string" } },
        "content-security-policy": { "schema": { "type": "string" } },
        "referrer-policy": { "schema": { "type": "string", "const": "no-referrer" } },
        "strict-transport-security": {
            "description": "Present if the issuer is `https://`.", "schema": { "type": "string" },
        },
        "www-authenticate": { "description": "How to authenticate (RFC 6750).", "schema": { "type": "string" } },
        "retry-after": {
            "description": "The number of seconds after which to try again.",
            "schema": { "type": "string", "pattern": "^[0-9]+$" }, "required": true,
        },
        "location": { "description": "The new user's address.", "schema": { "type": "string" }, "required": true },
    })
}

const FIELD_ERROR: &Schema = &Schema::new("FieldError", |_| {
    object(&json!({
        "type": { "type": "string", "examples": ["missing"] },
        "loc": { "type": "array", "items": { "type": "string" }, "examples": [["body", "email"]] },
        "msg": { "type": "string", "examples": ["Field required"] },
    }))
});

const ERROR: &Schema = &Schema::new("Error", |_| error_body(text(), false));

const VALIDATION_ERROR: &Schema =
    &Schema::new("ValidationError", |schemas| error_body(mistakes(schemas), false));

const OAUTH_ERROR: &Schema = &Schema::new("OAuthError", |_| error_body(text(), true));

const OAUTH_VALIDATION_ERROR: &Schema =
    &Schema::new("OAuthValidationError", |schemas| error_body(mistakes(schemas), true));

fn error_body(detail: Value, is_oauth: bool) -> Value {
    let mut members = Map::from_iter([("detail".to_owned(), detail), ("code".to_owned(), text())]);
    if is_oauth {
        members.extend(["error", "error_description"].map(|name| (name.to_owned(), text())));
    }
    let mut schema = object(&Value::Object(members));
    if let Some(properties) = schema.pointer_mut("/properties").and_then(Value::as_object_mut) {
        properties.insert("failing".to_owned(), json!({ "type": "array", "items": text() }));
    }
    schema
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn mistakes(schemas: &mut Schemas<'_>) -> Value {
    json!({ "type": "array", "minItems": 1, "items": schemas.refer(FIELD_ERROR) })
}
