//! HTTP: each handler parses a request, forwards one message to an actor, and renders the answer.

mod api;
mod cross_site;
mod current;
mod docs;
mod health;
mod metrics_page;
mod oauth;
mod observe;
mod openapi;
mod route;
mod state;
mod wire;

use std::sync::Arc;

use actix_web::{
    http::Method,
    web::{self, ServiceConfig},
};
use serde_json::Value;

pub(crate) use self::docs::documentation::LazyDocumentation;
use self::{
    api::{admin, own, registration, session},
    docs::{documentation::Documentation, page},
    oauth::{keys, token},
    openapi::document,
    route::{Path, path},
    state::base_path,
    wire::{ApiError, errors},
};
pub use self::{
    current::{CurrentAdmin, CurrentUser},
    metrics_page::metrics_page,
    observe::{
        middleware::Observe,
        request_tracker::{RequestBody, RequestProgress, RequestTracker},
        unread::track_unread,
    },
    state::Api,
};
use crate::config::Config;

/// Where the discovery document is (RFC 8414).
const DISCOVERY: &str = "/.well-known/oauth-authorization-server";

/// All routes: the path, and for each method its handler and its description. The busiest routes come first,
/// because they are tried in this order.
fn routes(with_docs: bool, base_path: &str) -> Vec<Path> {
    use Method as M;
    // RFC 8414, section 3.1, puts the well-known path before the issuer's; the proxy leaves such a request as it is.
    let discovery = (!base_path.is_empty()).then(|| format!("{DISCOVERY}{base_path}"));
    let mut routes = vec![
        path("/users/me").on(M::GET, own::me, own::ME).on(M::PATCH, own::change_email, own::CHANGE_EMAIL).on(
            M::DELETE,
            own::delete,
            own::DELETE,
        ),
        path("/token").on(M::POST, token::token, token::TOKEN),
        path("/users/").on(M::GET, admin::list, admin::LIST).on(
            M::POST,
            registration::register,
            registration::REGISTER,
        ),
        path("/users/me/password").on(M::POST, own::change_password, own::CHANGE_PASSWORD),
        path("/users/me/sessions").on(M::GET, session::list, session::LIST).on(
            M::DELETE,
            session::end_others,
            session::END_OTHERS,
        ),
        path("/users/me/sessions/{id}").on(M::DELETE, session::end, session::END),
        path("/logout").on(M::POST, session::log_out, session::LOG_OUT),
        path("/revoke").on(M::POST, token::revoke, token::REVOKE),
        path("/users/{id}")
            .on(M::GET, admin::show, admin::SHOW)
            .on(M::PATCH, admin::change, admin::CHANGE)
            .on(M::DELETE, admin::remove, admin::REMOVE),
        path("/users/{id}/sessions").on(M::GET, admin::sessions, admin::SESSIONS).on(
            M::DELETE,
            admin::end_sessions,
            admin::END_SESSIONS,
        ),
        path("/.well-known/jwks.json").on(M::GET, keys::jwks, keys::JWKS),
        path(DISCOVERY).on(M::GET, keys::metadata, keys::METADATA).also_at(discovery),
        path("/healthz").on(M::GET, health::alive, health::ALIVE),
        path("/readyz").on(M::GET, health::ready, health::READY),
    ];
    if with_docs {
        routes.extend([
            path("/openapi.json").on(M::GET, page::openapi, page::OPENAPI),
            path("/docs").on(M::GET, page::page, page::PAGE),
            path("/docs/{file}").on(M::GET, page::file, page::FILE),
            path("/").on(M::GET, page::home, page::HOME),
        ]);
    }
    routes
}

/// Adds every route to an application.
pub fn configure(config: &mut ServiceConfig, api: Api) {
    let routes = routes(api.documentation.is_some(), api.base_path());
    config.app_data(web::Data::new(api)).app_data(web::Data::new(health::Readiness::default()));
    for path in routes {
        path.register(config);
    }
}

/// The OpenAPI document of a server with this configuration.
#[must_use]
pub fn openapi_document(config: &Config) -> Value {
    document_of(config, config.token.issuer.as_deref().unwrap_or_default())
}

fn document_of(config: &Config, issuer: &str) -> Value {
    let base_path = base_path(issuer);
    document(config, base_path, &routes(config.server.docs, base_path))
}

/// The documentation of a server with this configuration and issuer, if it is served.
pub(crate) fn documentation(config: &Arc<Config>, issuer: &str) -> Option<Arc<LazyDocumentation>> {
    let (of_this_server, issuer) = (Arc::clone(config), issuer.to_owned());
    let make = move || Documentation::new(&document_of(&of_this_server, &issuer), base_path(&issuer));
    config.server.docs.then(|| Arc::new(LazyDocumentation::new(Box::new(make))))
}

/// Answers all other paths. It is separate from [`configure`], because an application that embeds Sekisho has
/// its own paths.
pub fn refuse_unknown_paths(config: &mut ServiceConfig) {
    config.default_service(web::to(|| async { Err::<&str, _>(ApiError::from(errors::NOT_FOUND)) }));
}
