//! What other services need to verify our tokens: the JWKS (RFC 7517) and the discovery document
//! (RFC 8414).

use actix_web::{
    HttpResponse,
    http::header::{self, CacheControl, CacheDirective},
    web,
};
use serde_json::json;

use crate::{
    actors::token::{JWKS_MAX_AGE, PublishKeys},
    domain::Scope,
    http::{state::Api, wire::api_error::ApiError},
};

fn cacheable() -> CacheControl {
    let seconds = u32::try_from(JWKS_MAX_AGE.as_secs()).unwrap_or(u32::MAX);
    CacheControl(vec![CacheDirective::Public, CacheDirective::MaxAge(seconds)])
}

pub(crate) async fn jwks(api: web::Data<Api>) -> Result<HttpResponse, ApiError> {
    let keys = api.tokens.ask(PublishKeys).await?;
    Ok(HttpResponse::Ok()
        .insert_header(cacheable())
        .insert_header((header::CONTENT_TYPE, "application/jwk-set+json"))
        .json(keys))
}

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
    if let (true, Some(members)) = (api.docs, metadata.as_object_mut()) {
        members.insert("service_documentation".to_owned(), at("/docs").into());
    }
    HttpResponse::Ok().insert_header(cacheable()).json(metadata)
}
