//! What every answer promises, whatever the request; [`super::TestApp`] checks each one against it.
//!
//! An answer has the three headers, no hash, an error's shape if it is an error, a status that the OpenAPI
//! document has for its route, and a body of the schema that the document gives.

use actix_web::http::Method;
use sekisho::{config::Config, http::openapi_document};
use serde_json::Value;

use super::Response;

/// What no answer may contain, whoever asks and whatever goes wrong.
const NEVER: [&str; 7] =
    ["$2b$", "$2a$", "$bcrypt", "password_hash", "hashed_password", "refresh_hash", super::PASSWORD];

/// The OpenAPI document of a server, which its answers must keep.
pub struct Contract(pub Value);

impl Contract {
    /// The document of a server with this configuration.
    pub fn of(config: &Config) -> Self {
        Self(openapi_document(config))
    }

    /// Each path, without a trailing slash, and the names of its methods.
    pub fn routes(&self) -> Vec<(&str, Vec<String>)> {
        let items = self.0["paths"].as_object().unwrap().iter();
        items
            .map(|(path, item)| {
                let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
                (without_slash(path), methods.collect())
            })
            .collect()
    }

    /// The declared path that answers a requested one.
    pub fn route_of(&self, path: &str) -> Option<(&str, Vec<String>)> {
        let path = without_slash(path);
        let decoded = |part: &str| percent_encoding::percent_decode_str(part).collect::<Vec<_>>();
        let fits = |pattern: &str| {
            let (pattern, path) = (pattern.split('/'), path.split('/'));
            pattern.clone().count() == path.clone().count()
                && pattern
                    .zip(path)
                    .all(|(p, s)| if p.starts_with('{') { !s.is_empty() } else { p.as_bytes() == decoded(s) })
        };
        // A name sorts before a parameter, which begins with a brace.
        self.routes().into_iter().find(|(pattern, _)| fits(pattern))
    }

    /// The operation of a declared path.
    pub fn operation(&self, path: &str, method: &str) -> &Value {
        let paths = self.0["paths"].as_object().unwrap();
        let (_, item) = paths.iter().find(|(declared, _)| without_slash(declared) == path).unwrap();
        &item[method.to_lowercase()]
    }

    /// Checks an answer against what every answer promises, and against the document.
    pub fn check(&self, method: &Method, path: &str, answer: &Response) {
        check(method, path, answer);
        self.check_documented(method, path.split(['?', '#']).next().unwrap(), answer);
    }

    fn check_documented(&self, method: &Method, path: &str, answer: &Response) {
        let Some((pattern, methods)) = self.route_of(path) else {
            return assert_eq!(answer.status, 404, "{path}");
        };
        let name = if method == Method::HEAD { "GET" } else { method.as_str() };
        if !methods.iter().any(|method| method == name) {
            // OPTIONS is a preflight if the origin is allowed.
            return assert!(
                answer.status == 405 || method == Method::OPTIONS,
                "{method} {path} {}",
                answer.status
            );
        }
        let status = answer.status.as_str();
        let response = self.operation(pattern, name)["responses"].get(status);
        let response = response
            .unwrap_or_else(|| panic!("{method} {pattern} does not document {status}: {}", answer.body));
        let response = self.resolve(response);
        if method == Method::HEAD {
            return;
        }
        let media_type = answer.header("content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap().trim();
        match response["content"].as_object() {
            None => {
                assert!(
                    answer.body.is_empty(),
                    "{method} {pattern} {status} documents no body: {}",
                    answer.body
                );
            }
            Some(content) => {
                let described = content.get(media_type);
                if let Some(examples) = described.and_then(|described| described.get("examples")) {
                    let code = &answer.code();
                    assert!(
                        examples.get(code).is_some(),
                        "{method} {pattern} {status} does not document {code}"
                    );
                }
                let is_file = pattern == "/docs/{file}" && answer.status == 200;
                assert!(
                    described.is_some() || is_file,
                    "{method} {pattern} {status} does not document {media_type}"
                );
                if let Some(schema) =
                    described.and_then(|d| d.get("schema")).filter(|_| media_type.ends_with("json"))
                {
                    self.conforms(schema, &answer.json()).unwrap_or_else(|why| {
                        panic!("{method} {pattern} {status}: {why} in {}", answer.body)
                    });
                }
            }
        }
    }

    /// Follows a `$ref` within the document.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            None => value,
            Some(reference) => {
                let pointer =
                    reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
                self.resolve(self.0.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere")))
            }
        }
    }

    /// The part of JSON Schema that the document uses.
    fn conforms(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let schema = self.resolve(schema);
        for branches in ["anyOf", "oneOf"] {
            if let Some(list) = schema[branches].as_array()
                && !list.iter().any(|branch| self.conforms(branch, value).is_ok())
            {
                return Err(format!("{value} fits no branch of {branches}"));
            }
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.conforms(part, value)?;
        }
        let is_a = |name: &str| match name {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("{other} is no type"),
        };
        let fits = match &schema["type"] {
            Value::String(name) => is_a(name),
            Value::Array(names) => names.iter().any(|name| is_a(name.as_str().unwrap())),
            _ => true,
        };
        if !fits {
            return Err(format!("{value} is no {}", schema["type"]));
        }
        if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
            return Err(format!("{value} is none of {allowed:?}"));
        }
        if let Some(constant) = schema.get("const").filter(|constant| *constant != value) {
            return Err(format!("{value} is not {constant}"));
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            if value.get(name.as_str().unwrap()).is_none() {
                return Err(format!("{name} is missing"));
            }
        }
        if let (Some(properties), Some(members)) = (schema["properties"].as_object(), value.as_object()) {
            for (name, member) in members {
                match properties.get(name) {
                    Some(property) => {
                        self.conforms(property, member).map_err(|why| format!("{name}: {why}"))?;
                    }
                    None => return Err(format!("{name} is not documented")),
                }
            }
        }
        for item in value.as_array().into_iter().flatten().filter(|_| schema.get("items").is_some()) {
            self.conforms(&schema["items"], item)?;
        }
        Ok(())
    }
}

fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path)
}

fn check(method: &Method, path: &str, answer: &Response) {
    let context = || format!("{method} {path} -> {} {}", answer.status, answer.body);
    let id = answer.header("x-request-id").unwrap_or_else(|| panic!("no x-request-id: {}", context()));
    assert!((1..=128).contains(&id.len()), "{}", context());
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", context());
    assert!(answer.header("cache-control").is_some(), "{}", context());
    let path = path.split(['?', '#']).next().unwrap();
    let is_asset = path.starts_with("/docs") || path.starts_with("/openapi.json");
    if !is_asset {
        for secret in NEVER {
            assert!(!answer.body.contains(secret), "{secret} in {}", context());
        }
    }
    let status = answer.status.as_u16();
    // RFC 6750: the token is missing, or lacks the scope.
    let lacks_scope = status == 403
        && (method == Method::HEAD
            || matches!(answer.json()["code"].as_str(), Some("insufficient_permissions")));
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge.is_some(), status == 401 || lacks_scope, "{}", context());
    assert!(challenge.is_none_or(|challenge| challenge.starts_with("Bearer")), "{}", context());
    assert_eq!(answer.header("retry-after").is_some(), matches!(status, 429 | 503), "{}", context());
    if let Some(seconds) = answer.header("retry-after") {
        assert!(seconds.parse::<u64>().unwrap() >= 1, "{}", context());
    }
    assert_eq!(answer.header("allow").is_some(), status == 405, "{}", context());
    if method != Method::HEAD && method != Method::OPTIONS && (400..600).contains(&status) {
        check_error(path, answer);
    }
}

/// `detail` and `code`, and on the OAuth endpoints RFC 6749's two members.
fn check_error(path: &str, answer: &Response) {
    let json = answer.json();
    assert!(json["code"].as_str().is_some_and(|code| !code.is_empty()), "{}", answer.body);
    match &json["detail"] {
        Value::String(sentence) => assert!(!sentence.is_empty() && answer.status != 422, "{}", answer.body),
        Value::Array(entries) => {
            assert!(answer.status == 422 && !entries.is_empty(), "{}", answer.body);
            for entry in entries {
                assert!(entry["type"].is_string() && entry["msg"].is_string(), "{}", answer.body);
                assert!(
                    matches!(entry["loc"][0].as_str(), Some("body" | "query" | "path")),
                    "{}",
                    answer.body
                );
            }
        }
        other => panic!("detail is {other}: {}", answer.body),
    }
    let is_oauth = matches!(path.trim_end_matches('/'), "/token" | "/revoke") && answer.status != 405;
    assert_eq!(json["error"].is_string(), is_oauth, "{path} {}", answer.body);
    assert_eq!(json["error_description"].is_string(), is_oauth, "{path} {}", answer.body);
}
