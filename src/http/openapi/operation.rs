//! How an operation of the document is put together.

use serde_json::{Map, Value, json};

use super::errors::status_of;

/// An operation, built up.
pub(crate) struct Operation(Map<String, Value>);

impl Operation {
    pub(crate) fn new(id: &str, tag: &str, summary: &str) -> Self {
        let mut operation = Map::new();
        operation.insert("operationId".into(), json!(id));
        operation.insert("tags".into(), json!([tag]));
        operation.insert("summary".into(), json!(summary));
        operation.insert("responses".into(), json!({}));
        // Whatever the request: a message to an actor may fail, and the client must know its kinds.
        Self(operation).fails(&["InternalServerError", "ServiceUnavailable"])
    }

    pub(crate) fn describe(mut self, description: &str) -> Self {
        self.0.insert("description".into(), json!(description));
        self
    }

    pub(crate) fn respond(mut self, status: &str, response: Value) -> Self {
        if let Some(Value::Object(responses)) = self.0.get_mut("responses") {
            responses.insert(status.to_owned(), response);
        }
        self
    }

    /// A JSON answer of a named schema.
    pub(crate) fn answers(self, status: &str, description: &str, schema: &str) -> Self {
        let content = json!({ "application/json": { "schema": reference("schemas", schema) } });
        self.respond(
            status,
            json!({ "description": description, "headers": common_headers(), "content": content }),
        )
    }

    /// An answer without a body.
    pub(crate) fn answers_empty(self, status: &str, description: &str) -> Self {
        self.respond(status, json!({ "description": description, "headers": common_headers() }))
    }

    /// Errors, by the names of their responses.
    pub(crate) fn fails(self, names: &[&str]) -> Self {
        names
            .iter()
            .fold(self, |operation, name| operation.respond(status_of(name), reference("responses", name)))
    }

    pub(crate) fn takes(mut self, media_type: &str, schema: &str) -> Self {
        let content = json!({ media_type: { "schema": reference("schemas", schema) } });
        self.0.insert("requestBody".into(), json!({ "required": true, "content": content }));
        self.fails(&["RequestTimeout", "PayloadTooLarge", "UnsupportedMediaType"])
    }

    /// A JSON body.
    pub(crate) fn takes_json(self, schema: &str) -> Self {
        self.takes("application/json", schema).fails(&["BadRequest", "ValidationError"])
    }

    pub(crate) fn parameters(mut self, parameters: &Value) -> Self {
        self.0.insert("parameters".into(), parameters.clone());
        self.fails(&["ValidationError"])
    }

    /// Needs a bearer token, of whatever scope.
    pub(crate) fn secured(self) -> Self {
        self.needs(&[])
    }

    /// Needs a bearer token for one's own account.
    pub(crate) fn for_owners(self) -> Self {
        self.needs(&["user"]).fails(&["InsufficientScope"])
    }

    /// Needs an administrator's token.
    pub(crate) fn for_admins(self) -> Self {
        self.needs(&["admin"]).fails(&["Forbidden"])
    }

    /// Needs an administrator's token, of somebody who gave their password recently.
    pub(crate) fn for_recent_admins(self) -> Self {
        self.for_admins().fails(&["NotRecent"])
    }

    fn needs(mut self, scopes: &[&str]) -> Self {
        self.0.insert("security".into(), json!([{ "password": scopes }]));
        self.fails(&["Unauthorized"])
    }

    pub(crate) fn done(self) -> Value {
        Value::Object(self.0)
    }
}

pub(crate) fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

pub(crate) fn common_headers() -> Value {
    json!({
        "x-request-id": reference("headers", "x-request-id"),
        "x-content-type-options": reference("headers", "x-content-type-options"),
        "cache-control": reference("headers", "cache-control"),
        "content-security-policy": reference("headers", "content-security-policy"),
        "referrer-policy": reference("headers", "referrer-policy"),
        "strict-transport-security": reference("headers", "strict-transport-security"),
    })
}

pub(crate) fn headers() -> Value {
    json!({
        "x-request-id": {
            "description": "The request's name in the log: the client's own where it sent a well-formed one.",
            "schema": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$" },
        },
        "x-content-type-options": { "schema": { "type": "string", "const": "nosniff" } },
        "cache-control": { "schema": { "type": "string" } },
        "content-security-policy": { "schema": { "type": "string" } },
        "referrer-policy": { "schema": { "type": "string", "const": "no-referrer" } },
        "strict-transport-security": {
            "description": "Where the issuer has TLS.", "schema": { "type": "string" },
        },
        "www-authenticate": {
            "description": "How to authenticate (RFC 6750).", "schema": { "type": "string" }, "required": true,
        },
        "retry-after": {
            "description": "After how many seconds to try again.",
            "schema": { "type": "string", "pattern": "^[0-9]+$" }, "required": true,
        },
        "allow": {
            "description": "The methods that the path has.", "schema": { "type": "string" }, "required": true,
        },
        "location": { "description": "The new user's address.", "schema": { "type": "string" }, "required": true },
    })
}
