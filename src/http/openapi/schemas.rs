//! The document's shapes.

use serde_json::{Value, json};

use super::operation::reference;
use crate::domain::{Email, Username};

#[expect(clippy::too_many_lines, reason = "a list of the wire's shapes, not logic")]
pub(crate) fn schemas() -> Value {
    let email = json!({
        "type": "string", "pattern": Email::PATTERN, "maxLength": Email::MAX_LENGTH,
        "examples": ["alice@example.com"],
    });
    let username = json!({ "type": "string", "pattern": Username::PATTERN, "examples": ["alice"] });
    let new_password = json!({
        "type": "string", "format": "password", "minLength": 8, "maxLength": 256, "pattern": "^[^\\u0000]*$",
        "description": "By default 8 characters at least; at most 1,024 bytes; not the username or the e-mail address, \
            and not one of the most common (`password_too_common`).",
        "examples": ["correct horse battery staple"],
    });
    let password =
        json!({ "type": "string", "format": "password", "examples": ["correct horse battery staple"] });
    let time = json!({ "type": "string", "format": "date-time", "examples": ["2026-11-22T07:15:00Z"] });
    let optional_time = json!({ "type": ["string", "null"], "format": "date-time" });
    let error = json!({ "detail": { "type": "string" }, "code": { "type": "string" } });
    let field_errors = json!({ "type": "array", "minItems": 1, "items": reference("schemas", "FieldError") });
    let validation = json!({ "detail": field_errors, "code": { "const": "validation_error" } });
    let oauth = json!({ "error": { "type": "string" }, "error_description": { "type": "string" } });
    json!({
        "User": object(&json!({
            "id": { "type": "integer", "format": "int64", "minimum": 1, "examples": [1] },
            "email": { "type": "string", "examples": ["alice@example.com"] },
            "username": { "type": "string", "examples": ["alice"] },
            "role": reference("schemas", "Role"),
            "disabled": { "type": "boolean" },
            "created_at": time,
        }), &[]),
        "Role": { "type": "string", "enum": ["user", "admin"] },
        "NewUser": { "anyOf": [reference("schemas", "NewUserFlat"), reference("schemas", "NewUserNested")] },
        "NewUserFlat": {
            // Where `user` is an object, the nested shape is meant.
            "type": "object", "required": ["email", "username", "password"],
            "properties": { "email": email, "username": username, "password": new_password, "user": false },
        },
        "NewUserNested": {
            "type": "object", "required": ["user", "password"],
            "properties": {
                "user": {
                    "type": "object", "required": ["email", "username"],
                    "properties": { "email": email, "username": username },
                },
                "password": new_password,
            },
        },
        "EmailChange": {
            "type": "object", "required": ["email", "current_password"],
            "properties": { "email": email, "current_password": password },
        },
        "PasswordChange": {
            "type": "object", "required": ["current_password", "new_password"],
            "properties": { "current_password": password, "new_password": new_password },
        },
        "PasswordConfirmation": {
            "type": "object", "required": ["password"], "properties": { "password": password },
        },
        "UserChange": {
            "type": "object",
            "properties": {
                "role": reference("schemas", "Role"), "disabled": { "type": "boolean" }, "email": email,
            },
        },
        "UserPage": object(&json!({
            "items": { "type": "array", "items": reference("schemas", "User") },
            "next": { "type": ["string", "null"], "description": "What `after` is for the next page." },
        }), &[]),
        "TokenRequest": {
            "type": "object",
            "description": "Without `grant_type`, or with `password`: `username` and `password`. With \
                `refresh_token`: `refresh_token`. Each parameter once; an empty one counts as absent.",
            "properties": {
                "grant_type": { "type": "string", "enum": ["password", "refresh_token"], "default": "password" },
                "username": { "type": "string", "description": "A username or an e-mail address.", "examples": ["alice"] },
                "password": password,
                "refresh_token": { "type": "string" },
                "scope": {
                    "type": "string",
                    "description": "Absent at a login means `user`; `admin` is given to an administrator who asks \
                        for it by name; anybody else who asks is answered as if the password were wrong. Absent at a refresh means what the session was opened with.",
                    "examples": ["user"],
                },
                "client_id": { "type": "string", "description": "Taken and ignored." },
                "client_secret": { "type": "string", "description": "Taken and ignored." },
            },
            "additionalProperties": { "type": "string" },
        },
        "TokenResponse": object(&json!({
            "access_token": {
                "type": "string",
                "description": "A JWT of type `at+jwt` (RFC 9068); see `/.well-known/jwks.json`. `aud` lists the issuer \
                    and every service that the server was told of; with the scope `admin` it is `<issuer>/admin` alone, \
                    and the token is to be sent to nobody else.",
            },
            "token_type": { "const": "bearer" },
            "expires_in": {
                "type": "integer", "minimum": 0, "examples": [1800],
                "description": "Seconds. Fewer than usual where the session ends before.",
            },
            "refresh_token": { "type": "string" },
            "scope": { "type": "string", "examples": ["user"] },
        }), &[]),
        "RevocationRequest": {
            "type": "object", "required": ["token"],
            "properties": {
                "token": { "type": "string", "minLength": 1, "description": "An access or a refresh token." },
                "token_type_hint": { "type": "string", "description": "Taken and not needed." },
            },
            // Any other is ignored, but not twice (RFC 6749, section 3.2).
            "additionalProperties": { "type": "string" },
        },
        "Session": object(&json!({
            "id": { "type": "integer", "format": "int64", "minimum": 1 },
            "created_at": time,
            "last_used_at": described(&time, "A use is told a minute after it, not sooner."),
            "expires_at": described(&time, "When it ends unless it is used before, by `last_used_at`."),
            "user_agent": { "type": ["string", "null"] },
            "ip": { "type": ["string", "null"] },
            "scope": { "type": "string" },
            "current": { "type": "boolean" },
            "ended_at": optional_time,
            "end_reason": { "type": ["string", "null"], "enum": [
                "logout", "revoked", "revoked_by_admin", "refresh_token_reused", "password_changed",
                "user_disabled", "too_many_sessions", "expired", null,
            ]},
        }), &[]),
        "SessionList": object(&json!({
            "items": { "type": "array", "maxItems": 200, "items": reference("schemas", "Session") },
        }), &[]),
        "JwkSet": object(&json!({
            "keys": { "type": "array", "items": {
                "type": "object", "required": ["kty", "kid", "alg", "use"],
                "properties": {
                    "kty": { "enum": ["EC", "RSA", "OKP"] }, "kid": { "type": "string" },
                    "alg": { "enum": ["ES256", "RS256", "EdDSA"] }, "use": { "const": "sig" },
                    "crv": { "enum": ["P-256", "Ed25519"] }, "x": { "type": "string" }, "y": { "type": "string" },
                    "n": { "type": "string" }, "e": { "type": "string" },
                },
            }},
        }), &[]),
        "ServerMetadata": {
            "type": "object", "required": ["issuer", "token_endpoint", "jwks_uri", "response_types_supported"],
        },
        "Status": object(&json!({ "status": { "type": "string" } }), &[]),
        "FieldError": object(&json!({
            "type": { "type": "string", "examples": ["missing"] },
            "loc": { "type": "array", "items": { "type": "string" }, "examples": [["body", "email"]] },
            "msg": { "type": "string", "examples": ["Field required"] },
        }), &[]),
        "Error": object(&error, &[("failing", json!({ "type": "array", "items": { "type": "string" } }))]),
        "ValidationError": object(&validation, &[]),
        "OAuthError": object(&merged(&error, &oauth), &[]),
        "OAuthValidationError": object(&merged(&validation, &oauth), &[]),
    })
}

/// An object whose properties are all required, and some more that are not.
pub(crate) fn object(required: &Value, optional: &[(&str, Value)]) -> Value {
    let mut properties = required.as_object().cloned().unwrap_or_default();
    let names: Vec<String> = properties.keys().cloned().collect();
    properties.extend(optional.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())));
    json!({ "type": "object", "required": names, "properties": properties })
}

pub(crate) fn merged(one: &Value, other: &Value) -> Value {
    let both = [one, other].into_iter().filter_map(Value::as_object).flatten();
    Value::Object(both.map(|(name, schema)| (name.clone(), schema.clone())).collect())
}

fn described(schema: &Value, description: &str) -> Value {
    merged(schema, &json!({ "description": description }))
}
