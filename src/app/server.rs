//! The HTTP servers: like actix-web's, but on Sekisho's connections.

use std::{fmt, future::ready, io, net::TcpListener, time::Duration};

use actix_cors::Cors;
use actix_http::{
    HttpService, Request, Response,
    body::{BoxBody, MessageBody},
    error::DispatchError,
};
use actix_server::{Server, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App,
    dev::AppConfig,
    http::{Method, header},
    middleware::Condition,
    rt::net::TcpStream,
};

use super::{
    ConnectionLimits, Sekisho,
    connection::{Connection, HEAD_TIMEOUT},
    ending::{DEADLINE, Ending},
    listener::METRICS_CONNECTIONS,
};
use crate::http::{self, Observe};

/// Starts to serve `sekisho`. It accepts at once, and answers when it is awaited.
///
/// # Errors
///
/// If the listener cannot be used.
pub(super) fn start(
    sekisho: Sekisho,
    listener: TcpListener,
    limits: ConnectionLimits,
    files: u64,
    ending: Ending,
) -> io::Result<Server> {
    let workers = sekisho.config().server.worker_count();
    let server = Server::build()
        .workers(workers)
        .max_concurrent_connections(limits.per_worker(workers, files))
        .shutdown_timeout(DEADLINE.as_secs())
        .disable_signals();
    close_at_the_end_of(&server, &ending);
    let service = move || {
        let (sekisho, ending) = (sekisho.clone(), ending.clone());
        let origins = &sekisho.config().server.cors_origins;
        let app = App::new()
            .wrap(Condition::new(!origins.is_empty(), cors(origins)))
            .wrap(Observe)
            .configure(|config| sekisho.configure(config))
            .configure(http::refuse_unknown_paths)
            .into_factory()
            .map_err(|error| error.error_response());
        answering(map_config(app, |()| AppConfig::default()), limits, ending)
    };
    Ok(server.listen("sekisho", listener, service)?.run())
}

/// Starts to serve metrics. The listener has its own limit of connections, so its clients cannot use up the
/// memory or the open files that the main listener needs.
///
/// # Errors
///
/// If the listener cannot be used.
pub(super) fn start_metrics(listener: TcpListener, limits: ConnectionLimits) -> io::Result<Server> {
    let server = Server::build()
        .workers(1)
        .max_concurrent_connections(METRICS_CONNECTIONS.min(limits.connections))
        .shutdown_timeout(1)
        .disable_signals();
    let ending = Ending::new();
    close_at_the_end_of(&server, &ending);
    let service = move || {
        let app = App::new()
            .wrap_fn(http::track_unread)
            .configure(http::metrics_page)
            .into_factory()
            .map_err(|error| error.error_response());
        answering(map_config(app, |()| AppConfig::default()), limits, ending.clone())
    };
    Ok(server.listen("metrics", listener, service)?.run())
}

/// Lets connections know of a server that is stopped by its handle.
fn close_at_the_end_of(server: &ServerBuilder, ending: &Ending) {
    let (stopped, ending) = (server.graceful_shutdown_signal(), ending.clone());
    actix::spawn(async move {
        stopped.notified().await;
        ending.close();
    });
}

/// Reads requests from connections, and lets an application answer them.
fn answering<A, S, B>(
    app: A,
    limits: ConnectionLimits,
    ending: Ending,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    A: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = ()> + 'static,
    S::Future: 'static,
    S::Error: Into<Response<BoxBody>> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    B: MessageBody + 'static,
{
    let closing = ending.clone();
    let http = HttpService::build()
        .graceful_shutdown_signal(move || closing.clone().closing())
        .keep_alive(Duration::from_secs(30))
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(Duration::from_secs(1))
        // A client that has hung up cannot be distinguished from one that only stops sending. The former must
        // leave the queue for hash slots, and HTTP clients do not do the latter.
        .h1_allow_half_closed(false)
        .on_connect_ext(|connection: &Connection, data| {
            data.insert(connection.tracker());
        })
        .h1(app);
    fn_service(move |stream: TcpStream| {
        let peer = stream.peer_addr().ok();
        let connection = Connection::new(stream, limits.unread, ending.connect());
        ready(Ok::<_, DispatchError>((connection, peer)))
    })
    .and_then(http)
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
