//! The HTTP server: actix-web's own, on connections that are ours.

use std::{io, net::TcpListener, time::Duration};

use actix_cors::Cors;
use actix_http::{HttpService, error::DispatchError};
use actix_server::Server;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App,
    dev::AppConfig,
    http::{Method, header},
    middleware::Condition,
    rt::net::TcpStream,
};

use super::{ConnectionLimits, Sekisho, connection::Connection};
use crate::http::{self, Observe};

/// How long requests that are under way may take when the server is told to end.
const SHUTDOWN_SECONDS: u64 = 30;

/// Starts serving `sekisho`. It accepts at once, and answers when it is awaited.
///
/// # Errors
///
/// When the listener cannot be used.
pub(super) fn start(
    sekisho: Sekisho,
    listener: TcpListener,
    limits: ConnectionLimits,
    files: u64,
) -> io::Result<Server> {
    let workers = sekisho.config().worker_count();
    let server = Server::build()
        .workers(workers)
        .max_concurrent_connections(limits.per_worker(workers, files))
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals();
    let ending = server.graceful_shutdown_signal();
    let service = move || {
        let (sekisho, ending) = (sekisho.clone(), ending.clone());
        let origins = &sekisho.config().cors_origins;
        let app = App::new()
            .wrap(Condition::new(!origins.is_empty(), cors(origins)))
            .wrap(Observe)
            .configure(|config| sekisho.configure(config))
            .configure(http::refuse_unknown_paths)
            .into_factory()
            .map_err(|error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let ending = ending.clone();
                async move { ending.notified().await }
            })
            .keep_alive(Duration::from_secs(30))
            .client_request_timeout(Duration::from_secs(5))
            .client_disconnect_timeout(Duration::from_secs(1))
            // A client that has hung up cannot be told from one that only sends no more. The former
            // leave the queue for a hash, and the latter are no HTTP clients.
            .h1_allow_half_closed(false)
            .on_connect_ext(|connection: &Connection, data| {
                data.insert(connection.pace());
            })
            .h1(map_config(app, |()| AppConfig::default()));
        fn_service(move |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            async move { Ok::<_, DispatchError>((Connection::new(stream, limits.unread), peer)) }
        })
        .and_then(http)
    };
    Ok(server.listen("sekisho", listener, service)?.run())
}

fn cors(origins: &[String]) -> Cors {
    let mut cors = Cors::default()
        .allowed_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers(["x-request-id", "retry-after", "www-authenticate", "location"])
        .max_age(3600);
    for origin in origins {
        cors = cors.allowed_origin(origin);
    }
    cors
}
