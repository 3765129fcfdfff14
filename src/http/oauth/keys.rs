//! What other services need to verify tokens: the JWKS (RFC 7517) and the discovery document (RFC 8414).

use actix_web::{
    HttpResponse,
    http::header::{self, CacheControl, CacheDirective},
    web,
};
use serde_json::json;

use crate::{
    actors::token::{JWKS_MAX_AGE, PublishKeys},
    domain::Scope,
    http::{
        openapi::{Operation, Schema, Tag, object},
        state::Api,
        wire::ApiError,
    },
};

fn cacheable() -> CacheControl {
    let seconds = u32::try_from(JWKS_MAX_AGE.as_secs()).unwrap_or(u32::MAX);
    CacheControl(vec![CacheDirective::Public, CacheDirective::MaxAge(seconds)])
}

pub(crate) const JWKS: Operation = Operation::new("jwks", Tag::Operation, "The public keys (RFC 7517)")
    .ok_as(
        JWKS_MEDIA_TYPE,
        "The keys that sign, that will sign, and whose tokens are still valid. Empty for HS256.",
        JWK_SET,
    );

const JWKS_MEDIA_TYPE: &str = "application/jwk-set+json";

const JWK_SET: &Schema = &Schema::new("JwkSet", |_| {
    object(&json!({
        "keys": { "type": "array", "items": {
            "type": "object", "required": ["kty", "kid", "alg", "use"],
            "properties": {
                "kty": { "enum": ["EC", "RSA", "OKP"] }, "kid": { "type": "string" },
                "alg": { "enum": ["ES256", "RS256", "EdDSA"] }, "use": { "const": "sig" },
                "crv": { "enum": ["P-256", "Ed25519"] }, "x": { "type": "string" }, "y": { "type": "string" },
                "n": { "type": "string" }, "e": { "type": "string" },
            },
        }},
    }))
});

pub(crate) async fn jwks(api: web::Data<Api>) -> Result<HttpResponse, ApiError> {
    let keys = api.tokens.ask(PublishKeys).await?;
    Ok(HttpResponse::Ok()
        .insert_header(cacheable())
        .insert_header((header::CONTENT_TYPE, JWKS_MEDIA_TYPE))
        .json(keys))
}

pub(crate) const METADATA: Operation =
    Operation::new("serverMetadata", Tag::Operation, "Discovery (RFC 8414)")
        .ok("The addresses of the endpoints.", SERVER_METADATA);

const SERVER_METADATA: &Schema = &Schema::new("ServerMetadata", |_| {
    json!({
        "type": "object",
        "required": ["issuer", "token_endpoint", "jwks_uri", "response_types_supported"],
    })
});

pub(crate) async fn metadata(api: web::Data<Api>) -> HttpResponse {
    let at = |path: &str| format!("{}{path}", api.issuer);
    let mut metadata = json!({
        "issuer": &*api.issuer,
        "token_endpoint": at("/token"),
        "revocation_endpoint": at("/revoke"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "scopes_supported": Scope::known_names().collect::<Vec<_>>(),
        "response_types_supported": [],
        "grant_types_supported": ["password", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
    });
    if let (true, Some(members)) = (api.documentation.is_some(), metadata.as_object_mut()) {
        members.insert("service_documentation".to_owned(), at("/docs").into());
    }
    HttpResponse::Ok().insert_header(cacheable()).json(metadata)
}
