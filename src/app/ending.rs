//! The end of a server. It accepts nothing more, answers what has arrived, and closes a connection only when
//! its client has used it for the last time or has been quiet.
//!
//! HTTP/1.1 has no way to take back an idle connection: a client may send a request at the moment at which
//! the server closes it. So each answer that is sent during the end says `connection: close`, and a
//! connection without a request is closed after [`QUIET`].

use std::{
    future::pending,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::dev::ServerHandle;
use rustix::net::{Shutdown, shutdown};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

/// How long a connection without a request is kept, once the end has begun.
pub(super) const QUIET: Duration = Duration::from_millis(100);

/// The intervals at which connections and their number are looked at during the end.
const TICK: Duration = Duration::from_millis(5);

/// The time in which the thread that accepts connections has stopped doing so.
const PAUSE: Duration = Duration::from_millis(5);

/// The time in which connections that were accepted before the end have reached their workers.
const ARRIVAL: Duration = Duration::from_millis(50);

/// How long the end waits for clients that have not sent all of a request or not read all of an answer. While
/// it waits, nobody else is served.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long requests in progress may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// What a server still does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Everything.
    Serving,
    /// It answers the requests that still arrive, and closes their connections.
    Ending,
    /// It answers the requests that have arrived whole, and closes all connections that wait for their clients.
    Closing,
}

/// The end of a server, known to its connections.
#[derive(Debug, Clone)]
pub(super) struct Ending(Arc<State>);

#[derive(Debug)]
struct State {
    stage: watch::Sender<Stage>,
    /// Whether the stage is a later one than the first: every read of a connection asks.
    has_begun: AtomicBool,
    connections: AtomicUsize,
}

impl Ending {
    pub(super) fn new() -> Self {
        let stage = watch::Sender::new(Stage::Serving);
        Self(Arc::new(State { stage, has_begun: AtomicBool::new(false), connections: AtomicUsize::new(0) }))
    }

    /// Counts a connection until the returned value is dropped.
    pub(super) fn connect(&self) -> OpenConnection {
        self.0.connections.fetch_add(1, Ordering::Relaxed);
        OpenConnection { ending: self.clone(), quiet_since: None }
    }

    /// Closes at once every connection that waits for its client.
    pub(super) fn close(&self) {
        self.advance(Stage::Closing);
    }

    fn advance(&self, stage: Stage) {
        self.0.has_begun.store(true, Ordering::Relaxed);
        self.0.stage.send_replace(stage);
    }

    /// Ready when a connection must be closed after its request in progress. Meanwhile it wakes the
    /// connection's task, so that the connection notices that it has been quiet.
    pub(super) async fn closing(self) {
        let mut stage = self.0.stage.subscribe();
        if stage.wait_for(|stage| *stage != Stage::Serving).await.is_err() {
            return pending().await;
        }
        // A timeout is the usual case: the stage changes once.
        while *stage.borrow_and_update() != Stage::Closing {
            let _ = timeout(TICK, stage.changed()).await;
        }
    }

    /// Stops a server: what has been accepted is answered, and each connection is closed when nothing is lost
    /// by it. `own` is the listening socket, unless it belongs to the service manager, in which case
    /// connections go on waiting in it.
    pub(super) async fn stop(&self, server: &ServerHandle, own: Option<&TcpListener>) {
        server.pause().await;
        self.advance(Stage::Ending);
        sleep(PAUSE).await;
        if let Some(listener) = own
            && let Err(error) = shutdown(listener, Shutdown::Read)
        {
            log::warn!("the socket still listens: {error}");
        }
        sleep(ARRIVAL).await;
        if !self.is_over_within(PATIENCE).await {
            self.close();
        }
        let is_over = self.is_over_within(DEADLINE).await;
        server.stop(is_over).await;
    }

    async fn is_over_within(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while self.0.connections.load(Ordering::Relaxed) > 0 {
            if Instant::now() >= deadline {
                return false;
            }
            sleep(TICK).await;
        }
        true
    }
}

/// A connection's share in the end of the server.
#[derive(Debug)]
pub(super) struct OpenConnection {
    ending: Ending,
    quiet_since: Option<Instant>,
}

impl OpenConnection {
    /// Whether the end has begun.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.0.has_begun.load(Ordering::Relaxed)
    }

    /// Whether a connection that waits for its client must be closed now.
    pub(super) fn is_closing(&self) -> bool {
        self.is_ending() && *self.ending.0.stage.borrow() == Stage::Closing
    }

    /// Whether a connection that waits for its client to send something has waited long enough. `is_idle`:
    /// neither is a request in progress nor has one begun to arrive.
    pub(super) fn is_quiet(&mut self, is_idle: bool) -> bool {
        if self.is_closing() {
            return true;
        }
        if !is_idle || !self.is_ending() {
            self.quiet_since = None;
            return false;
        }
        self.quiet_since.get_or_insert_with(Instant::now).elapsed() >= QUIET
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.ending.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
