//! The listening socket: how many connections it accepts, and how much each may cost.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use rustix::{
    net::sockopt,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};

use super::AppError;

/// How many bytes the kernel buffers for each direction of a connection: answers that the client has not
/// read, and requests that the server has not read. The kernel's default limits are some megabytes; it
/// doubles these values for its bookkeeping.
const SOCKET_BUFFER: usize = 64 * 1024;

/// The maximum number of connections that wait to be accepted. The standard library asks for 128; in a burst,
/// further ones would be retried after a second.
const BACKLOG: i32 = 1024;

/// The maximum number of open connections of the metrics listener.
pub(super) const METRICS_CONNECTIONS: usize = 64;

/// The open files that are reserved for everything except connections (the database, the listeners, the log)
/// and for [`METRICS_CONNECTIONS`].
const OTHER_FILES: u64 = 128;

/// The limits on connections.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// The maximum number of open connections; further ones wait to be accepted. It is lower if the system
    /// allows fewer open files.
    pub connections: usize,
    /// How long a client may go without reading what it was sent before its connection is closed.
    pub unread: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { connections: 16_384, unread: Duration::from_secs(30) }
    }
}

impl ConnectionLimits {
    /// The maximum number of connections of each worker, if this many files may be open.
    pub(super) fn per_worker(self, workers: usize, files: u64) -> usize {
        let files = usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX);
        (self.connections.min(files) / workers.max(1)).max(1)
    }
}

/// Starts to listen.
pub(super) fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), AppError> {
    let failed = |source| AppError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    set_buffers(&listener).and_then(|()| Ok(rustix::net::listen(&listener, BACKLOG)?)).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Sets the sizes of the buffers of a listening socket, which every accepted connection inherits.
pub(super) fn set_buffers(listener: &TcpListener) -> io::Result<()> {
    sockopt::set_socket_send_buffer_size(listener, SOCKET_BUFFER)?;
    Ok(sockopt::set_socket_recv_buffer_size(listener, SOCKET_BUFFER)?)
}

/// Raises the limit of open files as far as the system allows, because each connection is one, and returns
/// the limit.
pub(super) fn raise_file_limit() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let allowed = match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(error) => {
            log::warn!("the limit of open files stays as it is: {error}");
            current
        }
    };
    allowed.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_workers_together_have_no_more_connections_than_files_allow() {
        let limits = ConnectionLimits::default();
        for (workers, files, expected) in [
            (1, u64::MAX, 16_384),
            (2, u64::MAX, 8_192),
            (2, 65_536, 8_192),
            (2, 1_128, 500),
            (3, 1_128, 333),
            (8, 64, 1),
            (8, 0, 1),
        ] {
            assert_eq!(limits.per_worker(workers, files), expected, "{workers} workers, {files} files");
        }
    }
}
