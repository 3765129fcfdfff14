//! The listening socket that a service manager hands over, so that it goes on listening while the server
//! is restarted (systemd's socket activation).

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use listenfd::ListenFd;
use rustix::net::sockopt::socket_acceptconn;

/// Why the sockets that the service manager passed cannot be served on.
#[derive(Debug, thiserror::Error)]
pub enum InheritedSocketError {
    /// There are several sockets, and the server has one.
    #[error(
        "the service manager passed {0} sockets, and sekisho listens on one: give sekisho.socket one ListenStream="
    )]
    Several(usize),
    /// What was passed is not a TCP socket.
    #[error("the service manager passed something that is not a TCP socket: {0}")]
    Unusable(#[from] io::Error),
    /// The socket is that of a connection, or not listened on yet.
    #[error("the socket that the service manager passed does not listen: sekisho.socket must have Accept=no")]
    NotListening,
}

/// A listening socket that belongs to the service manager. Connections that arrive while no server runs wait
/// in it.
#[derive(Debug)]
pub struct InheritedSocket {
    pub(super) listener: TcpListener,
    pub(super) address: SocketAddr,
}

impl InheritedSocket {
    /// Takes the socket that the environment names (`LISTEN_FDS`, `LISTEN_PID`), if there is one. It removes
    /// these variables, so it is called while the process has one thread.
    ///
    /// # Errors
    ///
    /// See [`InheritedSocketError`].
    pub fn take() -> Result<Option<Self>, InheritedSocketError> {
        let addressee = std::env::var("LISTEN_PID").ok().filter(|pid| !pid.is_empty());
        if let Some(pid) = addressee.filter(|pid| *pid != std::process::id().to_string()) {
            log::warn!(
                "LISTEN_FDS is not used: LISTEN_PID names the process {pid}, and this one is {}",
                std::process::id()
            );
        }
        let mut passed = ListenFd::from_env();
        if passed.len() > 1 {
            return Err(InheritedSocketError::Several(passed.len()));
        }
        let Some(listener) = passed.take_tcp_listener(0)? else { return Ok(None) };
        if !socket_acceptconn(&listener).map_err(io::Error::from)? {
            return Err(InheritedSocketError::NotListening);
        }
        let address = listener.local_addr()?;
        Ok(Some(Self { listener, address }))
    }

    /// The address that the service manager listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}
