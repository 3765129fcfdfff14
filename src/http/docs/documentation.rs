//! The OpenAPI document, the page that shows it, and the page's files.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use actix_web::{
    http::header::CacheDirective::{MaxAge, NoCache, Public},
    web::Bytes,
};
use serde_json::Value;
use utoipa_swagger_ui::Config;

use super::asset::Asset;

/// The page loads nothing from elsewhere, has no inline script, and may not be framed. Swagger UI sets styles
/// on elements and draws its icons from `data:` addresses.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The files that the page loads. Swagger UI has more, including a page that would bring its own policy.
pub(crate) const FILES: [&str; 6] = [
    "index.css",
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    INITIALIZER,
    "favicon-32x32.png",
];

/// The file that tells the page where the document is.
const INITIALIZER: &str = "swagger-initializer.js";

/// The documentation of a server, whose addresses begin with the path below which clients see it.
pub(crate) struct Documentation {
    pub(crate) document: Asset,
    pub(crate) page: Asset,
    initializer: Option<Asset>,
}

/// A documentation that is made for the first client that asks for it. Until then it takes no memory, and no time
/// at the start.
pub(crate) type LazyDocumentation = LazyLock<Documentation, Box<dyn FnOnce() -> Documentation + Send>>;

impl Documentation {
    /// The documentation of a server that clients see below a path.
    pub(crate) fn new(document: &Value, base_path: &str) -> Self {
        let page = INDEX.replace("=\"/docs/", &format!("=\"{base_path}/docs/"));
        Self {
            document: Asset::new(document.to_string().into(), "application/json", &[NoCache]),
            page: Asset::new(page.into(), "text/html; charset=utf-8", &[NoCache])
                .with_policy(CONTENT_SECURITY_POLICY),
            initializer: file_asset(INITIALIZER, &swagger_config(base_path)),
        }
    }

    /// A file of the page.
    pub(crate) fn file(&self, name: &str) -> Option<&Asset> {
        if name == INITIALIZER { self.initializer.as_ref() } else { ASSETS.get(name) }
    }
}

fn swagger_config(base_path: &str) -> Arc<Config<'static>> {
    Arc::new(
        Config::new([format!("{base_path}/openapi.json")])
            .try_it_out_enabled(true)
            .display_request_duration(true)
            .validator_url("none"),
    )
}

fn file_asset(name: &str, config: &Arc<Config<'static>>) -> Option<Asset> {
    let file = utoipa_swagger_ui::serve(name, Arc::clone(config)).ok()??;
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    Some(Asset::new(bytes, file.content_type, &[Public, MaxAge(3600)]))
}

/// The files that are the same on every server, which are in memory only as part of the binary.
static ASSETS: LazyLock<HashMap<&'static str, Asset>> = LazyLock::new(|| {
    let config = swagger_config("");
    let same_for_all = FILES.into_iter().filter(|name| *name != INITIALIZER);
    same_for_all.filter_map(|name| Some((name, file_asset(name, &config)?))).collect()
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
