//! The schemas of values in the document.

use serde_json::{Map, Value, json};

use crate::{
    config::Config,
    domain::{Email, PasswordPolicy, Username},
};

/// A schema with a name in the document.
#[derive(Debug)]
pub(crate) struct Schema {
    name: &'static str,
    /// Its JSON Schema, which may refer to others.
    json: fn(&mut Schemas<'_>) -> Value,
}

/// A parameter of a path or a query.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// `path` or `query`.
    pub(crate) place: &'static str,
    pub(crate) description: &'static str,
    pub(crate) schema: fn() -> Value,
}

impl Parameter {
    pub(crate) const fn query(name: &'static str, description: &'static str, schema: fn() -> Value) -> Self {
        Self { name, place: "query", description, schema }
    }

    pub(crate) const fn path(name: &'static str, description: &'static str, schema: fn() -> Value) -> Self {
        Self { name, place: "path", description, schema }
    }

    /// The description of the parameter in the document.
    pub(super) fn describe(&self) -> Value {
        json!({
            "name": self.name, "in": self.place, "description": self.description, "required": self.place == "path",
            "schema": (self.schema)(),
        })
    }

    /// The `{id}` of a path.
    pub(crate) const fn id(description: &'static str) -> Self {
        Self::path(
            "id",
            description,
            || json!({ "type": "integer", "format": "int64", "minimum": 1, "maximum": i64::MAX }),
        )
    }
}

/// The named schemas to which the document refers.
pub(crate) struct Schemas<'a> {
    pub(crate) config: &'a Config,
    pub(crate) named: Map<String, Value>,
}

impl Schema {
    pub(crate) const fn new(name: &'static str, json: fn(&mut Schemas<'_>) -> Value) -> Self {
        Self { name, json }
    }
}

impl Schemas<'_> {
    /// A reference to a named schema, which thereby becomes part of the document.
    pub(crate) fn refer(&mut self, schema: &Schema) -> Value {
        if !self.named.contains_key(schema.name) {
            // The entry comes first, so that a schema may refer to itself.
            self.named.insert(schema.name.to_owned(), Value::Null);
            let json = (schema.json)(self);
            self.named.insert(schema.name.to_owned(), json);
        }
        reference("schemas", schema.name)
    }

    /// A password that is about to be set.
    pub(crate) fn new_password(&self) -> Value {
        let min_length = self.config.password.min_length;
        json!({
            "type": "string", "format": "password", "pattern": "^[^\\u0000]*$",
            "minLength": min_length, "maxLength": PasswordPolicy::MAX_BYTES / 4,
            "description": format!("At least {min_length} characters, at most 1,024 bytes; not the username or the \
                e-mail address, and not one of the most common passwords (`password_too_common`)."),
            "examples": ["correct horse battery staple"],
        })
    }
}

pub(super) fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// An object with these required properties.
pub(crate) fn object(properties: &Value) -> Value {
    let names: Vec<_> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

/// An e-mail address as it is sent to the server.
pub(crate) fn email() -> Value {
    json!({
        "type": "string", "pattern": Email::PATTERN, "maxLength": Email::MAX_LENGTH,
        "examples": ["alice@example.com"],
    })
}

/// A username as it is sent to the server.
pub(crate) fn username() -> Value {
    json!({ "type": "string", "pattern": Username::PATTERN, "examples": ["alice"] })
}

/// An existing password.
pub(crate) fn password() -> Value {
    json!({ "type": "string", "format": "password", "examples": ["correct horse battery staple"] })
}

pub(crate) fn time() -> Value {
    json!({ "type": "string", "format": "date-time", "examples": ["2026-11-22T07:15:00Z"] })
}
