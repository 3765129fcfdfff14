//! `/openapi.json` and `/docs`: the interactive page, served from the binary alone.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        self,
        CacheDirective::{MaxAge, NoCache, Public},
    },
    web::Bytes,
};
use utoipa_swagger_ui::Config;

use crate::http::{
    docs::asset::Asset,
    openapi,
    wire::{api_error::ApiError, errors},
};

/// Nothing from elsewhere, no inline script, nobody may frame the page. Swagger UI sets styles on
/// elements and draws its icons from `data:` addresses.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The files that the page loads. Swagger UI has more; its own page among them, which would bring
/// a policy of its own.
pub(crate) const FILES: [&str; 6] = [
    "index.css",
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-initializer.js",
    "favicon-32x32.png",
];

static DOCUMENT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new(openapi::document().to_string().into(), "application/json", &[NoCache]));

static PAGE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(Bytes::from_static(INDEX.as_bytes()), "text/html; charset=utf-8", &[NoCache])
        .with_policy(CONTENT_SECURITY_POLICY)
});

/// The page's files, of which the binary's own memory holds the only copy.
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

/// The page's own address is where everything begins.
pub(crate) async fn home() -> HttpResponse {
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, "/docs")).finish()
}

pub(crate) async fn openapi(request: HttpRequest) -> HttpResponse {
    DOCUMENT.answer(&request)
}

pub(crate) async fn page(request: HttpRequest) -> HttpResponse {
    PAGE.answer(&request)
}

pub(crate) async fn file(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let name = request.match_info().get("file").unwrap_or_default();
    let asset = ASSETS.get(name).ok_or(errors::NOT_FOUND)?;
    Ok(asset.answer(&request))
}
