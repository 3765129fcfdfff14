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

pub(crate) use self::docs::asset::LazyAsset;
use self::{
    api::{admin, own, registration, session},
    docs::page,
    oauth::{keys, token},
    openapi::document,
    route::{Path, path},
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

/// All routes: the path, and for each method its handler and its description. The busiest routes come first,
/// because they are tried in this order.
fn routes(with_docs: bool) -> Vec<Path> {
    use Method as M;
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
        path("/.well-known/oauth-authorization-server").on(M::GET, keys::metadata, keys::METADATA),
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
    let routes = routes(api.document.is_some());
    config.app_data(web::Data::new(api)).app_data(web::Data::new(health::Readiness::default()));
    for path in routes {
        path.register(config);
    }
}

/// The OpenAPI document of a server with this configuration.
#[must_use]
pub fn openapi_document(config: &Config) -> Value {
    document(config, &routes(config.server.docs))
}

/// The documentation of a server with this configuration, if it is served.
pub(crate) fn documentation(config: &Arc<Config>) -> Option<Arc<LazyAsset>> {
    let of_this_server = Arc::clone(config);
    let make = move || page::document_asset(&openapi_document(&of_this_server));
    config.server.docs.then(|| Arc::new(LazyAsset::new(Box::new(make))))
}

/// Answers all other paths. It is separate from [`configure`], because an application that embeds Sekisho has
/// its own paths.
pub fn refuse_unknown_paths(config: &mut ServiceConfig) {
    config.default_service(web::to(|| async { Err::<&str, _>(ApiError::from(errors::NOT_FOUND)) }));
}
