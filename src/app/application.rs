//! The server as a program: it listens, handles signals and ends in order.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::{Server, ServerHandle};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};

use super::{
    AppError, InheritedSocket, Overrides, Sekisho,
    ending::Ending,
    listener::{listen, raise_file_limit, set_buffers},
    server,
};
use crate::config::Config;

/// A server that listens. It answers when it is run.
pub struct Application {
    sekisho: Sekisho,
    server: Server,
    ending: Ending,
    /// The listening socket, unless it is inherited.
    own_socket: Option<TcpListener>,
    metrics: Option<Server>,
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    terminate: Signal,
    interrupt: Signal,
}

impl Application {
    /// Starts to listen, and starts all actors. It must be called on a thread with an actix system.
    ///
    /// # Errors
    ///
    /// See [`AppError`].
    pub async fn build(config: Config, overrides: Overrides) -> Result<Self, AppError> {
        Self::build_on(None, config, overrides).await
    }

    /// The same on a socket that listens already, which the service manager owns. It takes the place of the
    /// configuration's address.
    ///
    /// # Errors
    ///
    /// See [`AppError`].
    pub async fn build_on(
        socket: Option<InheritedSocket>,
        config: Config,
        overrides: Overrides,
    ) -> Result<Self, AppError> {
        let files = raise_file_limit();
        let connections = overrides.connections;
        let (listener, address, own_socket) = match socket {
            Some(InheritedSocket { listener, address }) => {
                set_buffers(&listener)?;
                (listener, address, None)
            }
            None => {
                let (listener, address) = listen(config.server.listen)?;
                let own = listener.try_clone()?;
                (listener, address, Some(own))
            }
        };
        let metrics_listener = config.server.metrics_listen.map(listen).transpose()?;
        let issuer = format!("http://{address}");
        let sekisho = Sekisho::start(config, &issuer, overrides).await?;
        let ending = Ending::new();
        let server = server::start(sekisho.clone(), listener, connections, files, ending.clone())?;
        let (metrics, metrics_address) = match metrics_listener {
            Some((listener, address)) => {
                let server = server::start_metrics(listener, connections)?;
                (Some(server), Some(address))
            }
            None => (None, None),
        };
        // Signals are handled from here on, before the server runs: a program that is told that the server
        // listens may send one.
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self {
            sekisho,
            server,
            ending,
            own_socket,
            metrics,
            address,
            metrics_address,
            terminate,
            interrupt,
        })
    }

    /// The address on which it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address on which it serves metrics.
    #[must_use]
    pub const fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// The actors, to send messages to.
    #[must_use]
    pub const fn sekisho(&self) -> &Sekisho {
        &self.sekisho
    }

    /// A handle that shuts the server down. Unlike after a signal, idle connections are closed at once, so a request that
    /// is on its way to the server is lost.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until SIGTERM, Ctrl-C or the handle shuts it down: it stops accepting, finishes the requests in
    /// progress, and closes the database. After a second signal it does not wait for the requests.
    ///
    /// # Errors
    ///
    /// If the server fails, or the database cannot be closed.
    pub async fn run(self) -> Result<(), AppError> {
        let handle = self.server.handle();
        let (mut terminate, mut interrupt) = (self.terminate, self.interrupt);
        let (ending, own_socket) = (self.ending, self.own_socket);
        let mut first_or_second_signal = async move || {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        };
        let (hurry, hurried) = oneshot::channel();
        let watcher = actix::spawn(async move {
            first_or_second_signal().await;
            log::info!("shutting down: no new connections; requests in progress are finished");
            tokio::select! {
                () = ending.stop(&handle, own_socket.as_ref()) => {}
                // A server that is shutting down accepts no other command, so it is abandoned.
                () = first_or_second_signal() => { let _ = hurry.send(()); }
            }
        });
        let metrics_handle = self.metrics.as_ref().map(Server::handle);
        if let Some(metrics) = self.metrics {
            actix::spawn(metrics);
        }
        let served = tokio::select! {
            served = self.server => served,
            Ok(()) = hurried => Ok(()),
        };
        watcher.abort();
        if let Some(handle) = metrics_handle {
            handle.stop(false).await;
        }
        self.sekisho.close().await?;
        served?;
        log::info!("the database is closed");
        Ok(())
    }
}
