//! `/openapi.json`, and `/docs`: the interactive page, served from the binary alone.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{
            self,
            CacheDirective::{MaxAge, NoCache, Public},
        },
    },
    web::{self, Bytes},
};
use serde_json::{Value, json};
use utoipa_swagger_ui::Config;

use super::asset::Asset;
use crate::http::{
    openapi::{Operation, Parameter, Tag},
    state::Api,
    wire::{ApiError, errors},
};

/// The page loads nothing from elsewhere, has no inline script, and may not be framed. Swagger UI sets styles
/// on elements and draws its icons from `data:` addresses.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The files that the page loads. Swagger UI has more, including a page that would bring its own policy.
const FILES: [&str; 6] = [
    "index.css",
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-initializer.js",
    "favicon-32x32.png",
];

static INDEX_PAGE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(Bytes::from_static(INDEX.as_bytes()), "text/html; charset=utf-8", &[NoCache])
        .with_policy(CONTENT_SECURITY_POLICY)
});

/// The page's files, which are in memory only as part of the binary.
static ASSETS: LazyLock<HashMap<&'static str, Asset>> = LazyLock::new(|| {
    let config = Arc::new(
        Config::new(["/openapi.json"])
            .try_it_out_enabled(true)
            .display_request_duration(true)
            .validator_url("none"),
    );
    let asset = |name| {
        let file = utoipa_swagger_ui::serve(name, Arc::clone(&config)).ok()??;
        let bytes = match file.bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        Some((name, Asset::new(bytes, file.content_type, &[Public, MaxAge(3600)])))
    };
    FILES.into_iter().filter_map(asset).collect()
});

const INDEX: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sekisho</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/index.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/swagger-initializer.js"></script>
</body>
</html>
"#;

/// The asset of a server's OpenAPI document.
pub(crate) fn document_asset(document: &Value) -> Asset {
    Asset::new(document.to_string().into(), "application/json", &[NoCache])
}

pub(crate) const HOME: Operation = Operation::new("home", Tag::Operation, "To the page")
    .answers(StatusCode::TEMPORARY_REDIRECT, "To `/docs`.");

pub(crate) async fn home() -> HttpResponse {
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, "/docs")).finish()
}

pub(crate) const OPENAPI: Operation =
    Operation::new("openapi", Tag::Operation, "This document").file("The document.", &["application/json"]);

pub(crate) async fn openapi(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let document = api.document.as_ref().ok_or(errors::NOT_FOUND)?;
    Ok(document.answer(&request))
}

pub(crate) const PAGE: Operation =
    Operation::new("docs", Tag::Operation, "This page").file("The page.", &["text/html"]);

pub(crate) async fn page(request: HttpRequest) -> HttpResponse {
    INDEX_PAGE.answer(&request)
}

pub(crate) const FILE: Operation = Operation::new("docsFile", Tag::Operation, "A file of the page")
    .parameters(&[Parameter::path("file", "The file's name.", || json!({ "type": "string", "enum": FILES }))])
    .file("A file of the page.", &["text/css", "text/javascript", "image/png", "application/json"])
    .fails(&[errors::NOT_FOUND]);

pub(crate) async fn file(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let name = request.match_info().get("file").unwrap_or_default();
    let asset = ASSETS.get(name).ok_or(errors::NOT_FOUND)?;
    Ok(asset.answer(&request))
}
