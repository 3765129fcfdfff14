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

use actix_web::web::{self, ServiceConfig};

use self::{
    api::{admin, sessions, users},
    oauth::{keys, token},
    route::route,
    wire::{api_error::ApiError, errors},
};
pub use self::{
    current::{CurrentAdmin, CurrentUser},
    metrics_page::metrics_page,
    observe::{
        middleware::Observe,
        request_tracker::{RequestBody, RequestProgress, RequestTracker},
        unread::track_unread,
    },
    openapi::document as openapi_document,
    state::Api,
};

/// Every route there is.
pub fn configure(config: &mut ServiceConfig, api: Api) {
    let has_docs = api.docs;
    config.app_data(web::Data::new(api)).app_data(web::Data::new(health::Readiness::default()));
    // The busiest first: routes are tried in this order.
    route(config, "/users/me", |r| r.get(users::me).patch(users::change_email).delete(users::delete));
    route(config, "/token", |r| r.oauth().post(token::token));
    route(config, "/users", |r| r.get(admin::list).post(users::register));
    route(config, "/users/me/password", |r| r.post(users::change_password));
    route(config, "/users/me/sessions", |r| r.get(sessions::list).delete(sessions::end_others));
    route(config, "/users/me/sessions/{id}", |r| r.delete(sessions::end));
    route(config, "/logout", |r| r.post(sessions::log_out));
    route(config, "/revoke", |r| r.oauth().post(token::revoke));
    route(config, "/users/{id}", |r| r.get(admin::show).patch(admin::change).delete(admin::remove));
    route(config, "/users/{id}/sessions", |r| r.get(admin::sessions).delete(admin::end_sessions));
    route(config, "/.well-known/jwks.json", |r| r.get(keys::jwks));
    route(config, "/.well-known/oauth-authorization-server", |r| r.get(keys::metadata));
    route(config, "/healthz", |r| r.get(health::alive));
    route(config, "/readyz", |r| r.get(health::ready));
    if has_docs {
        route(config, "/openapi.json", |r| r.get(docs::page::openapi));
        route(config, "/docs", |r| r.get(docs::page::page));
        route(config, "/docs/{file}", |r| r.get(docs::page::file));
        route(config, "/", |r| r.get(docs::page::home));
    }
}

/// The answer to every other path. Not part of [`configure`]: an application that embeds Sekisho
/// has paths of its own.
pub fn refuse_unknown_paths(config: &mut ServiceConfig) {
    config.default_service(web::to(|| async { Err::<&str, _>(ApiError::from(errors::NOT_FOUND)) }));
}

/// Every path above, for the test that holds the OpenAPI document against them.
pub const PATHS: [(&str, &[&str]); 18] = [
    ("/users/me", &["get", "patch", "delete"]),
    ("/token", &["post"]),
    ("/users", &["get", "post"]),
    ("/users/me/password", &["post"]),
    ("/users/me/sessions", &["get", "delete"]),
    ("/users/me/sessions/{id}", &["delete"]),
    ("/logout", &["post"]),
    ("/revoke", &["post"]),
    ("/users/{id}", &["get", "patch", "delete"]),
    ("/users/{id}/sessions", &["get", "delete"]),
    ("/.well-known/jwks.json", &["get"]),
    ("/.well-known/oauth-authorization-server", &["get"]),
    ("/healthz", &["get"]),
    ("/readyz", &["get"]),
    ("/openapi.json", &["get"]),
    ("/docs", &["get"]),
    ("/docs/{file}", &["get"]),
    ("/", &["get"]),
];
