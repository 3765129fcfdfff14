//! The OpenAPI document: the wire contract, word for word.
//!
//! Bodies are read by hand, so that all that is wrong with one is told at once; the document is
//! written by hand beside them and held against the routes and the answers by tests.

mod errors;
mod operation;
mod paths;
mod schemas;

use serde_json::{Value, json};

use self::{
    errors::error_responses,
    operation::{headers, reference},
    paths::paths,
    schemas::schemas,
};

/// The document (OpenAPI 3.1).
#[must_use]
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sekisho",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Accounts, passwords, sessions and tokens for an API",
            "description": "Register with `POST /users/`, log in with `POST /token`, and send the access token as \
                a bearer token. Every path answers with and without a trailing slash, and HEAD wherever GET does. \
                Whatever changes something answers 403 `cross_site_request` to a browser that sends it for a page of \
                another origin, unless that is one of `--cors-origin`.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": [
            { "name": "Account", "description": "People and their own accounts." },
            { "name": "Tokens", "description": "OAuth 2.0: logging in, refreshing, revoking." },
            { "name": "Sessions", "description": "Where am I logged in?" },
            { "name": "Administration", "description": "Everybody's accounts; needs the role and the scope `admin`." },
            { "name": "Operation", "description": "For other services and for operators." },
        ],
        "paths": with_cross_site_refusals(paths()),
        "components": {
            "securitySchemes": {
                "password": {
                    "type": "oauth2",
                    "description": "Log in with a username or e-mail address and a password. The client id and \
                        secret may stay empty.",
                    "flows": { "password": {
                        "tokenUrl": "/token",
                        "refreshUrl": "/token",
                        "scopes": {
                            "user": "Your own account",
                            "admin": "Everybody's accounts; the token is for Sekisho's administration alone",
                        },
                    }},
                },
            },
            "schemas": schemas(),
            "responses": error_responses(),
            "headers": headers(),
        },
    })
}

/// Adds the refusal of other sites' pages to whatever changes something. Operations that answer 403
/// for reasons of their own keep their description.
fn with_cross_site_refusals(mut paths: Value) -> Value {
    for (path, item) in paths.as_object_mut().into_iter().flatten() {
        let name = match path.as_str() {
            "/token" | "/revoke" => "OAuthCrossSiteRequest",
            _ => "CrossSiteRequest",
        };
        for method in ["post", "patch", "delete"] {
            let responses = item.get_mut(method).and_then(|operation| operation.get_mut("responses"));
            if let Some(responses) = responses.and_then(Value::as_object_mut) {
                responses.entry("403").or_insert_with(|| reference("responses", name));
            }
        }
    }
    paths
}
