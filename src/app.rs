//! Starts the actors and the server, and ends them in order.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use actix::{Actor, Addr};
use actix_cors::Cors;
use actix_web::{
    App, HttpServer,
    dev::{Server, ServerHandle},
    http::{Method, header},
    middleware::Condition,
    web::ServiceConfig,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};

use crate::{
    actors::{
        Handle, Limits,
        account::{AccountActor, Desk, Group, Rules},
        db::{Close, DbActor, DbError, DbFile, StartError},
        guard::{Guard, GuardActor},
        keeper::{KeeperActor, KeyPolicy, KeyringError, Subscribe, open_keyring},
        password::{Admission, Hasher, PasswordActor, PasswordError, Passwords},
        token::{Keyring, SigningSetup, TokenActor},
    },
    config::{Config, ConfigError, cores},
    domain::{Clock, Random},
    http::{self, Api, Observe, metrics_page},
};

/// The most messages on their way to the database.
const DB_IN_FLIGHT: usize = 4096;

/// How long an answer of the database may take: longer than its busy timeout and a slow disk.
const DB_DEADLINE: Duration = Duration::from_secs(10);

/// The most messages on their way to each of the other actors.
const IN_FLIGHT: usize = 16_384;

/// How long requests that are under way may take when the server is told to end.
const SHUTDOWN_SECONDS: u64 = 30;

/// Why Sekisho does not start, in one line.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A setting contradicts another.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] StartError),
    /// The keys cannot be used.
    #[error("cannot open the keyring: {0}")]
    Keyring(#[from] KeyringError),
    /// The hash threads cannot start.
    #[error("cannot start the hash threads: {0}")]
    Password(#[from] PasswordError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The server failed while it ran, or the system refused a signal handler.
    #[error("the server failed: {0}")]
    Server(#[from] io::Error),
    /// The database could not be closed.
    #[error("cannot close the database: {0}")]
    Close(#[from] DbError),
}

/// What a test may replace.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The time.
    pub clock: Clock,
    /// The randomness.
    pub random: Random,
}

/// The actors that exist once, and what each worker's own are made from.
///
/// It is made on a thread with an actix system, and cloned into each worker.
#[derive(Clone)]
pub struct Sekisho {
    db: Handle<DbActor>,
    passwords: Passwords,
    guard: Guard,
    keeper: Handle<KeeperActor>,
    keyring: Arc<Keyring>,
    rules: Rules,
    token_lifetime: Duration,
    surroundings: Surroundings,
    config: Arc<Config>,
    issuer: Arc<str>,
}

impl Sekisho {
    /// Opens the database and starts the actors. `issuer` is what tokens say unless the
    /// configuration says otherwise.
    ///
    /// # Errors
    ///
    /// When the configuration contradicts itself, or the database or its keys cannot be used.
    pub async fn start(config: Config, issuer: &str, surroundings: Surroundings) -> Result<Self, AppError> {
        let secret_key = config.hs256_key()?;
        let file = Arc::new(DbFile::open(&config.database.database)?);
        let Surroundings { clock, random } = surroundings.clone();
        let limits = Limits { in_flight: DB_IN_FLIGHT, deadline: Some(DB_DEADLINE) };
        let db = DbActor::start(Arc::clone(&file), limits);
        let issuer = config.issuer.as_deref().unwrap_or(issuer);
        let policy = KeyPolicy {
            algorithm: config.algorithm,
            lifetime: config.key_lifetime(),
            setup: SigningSetup {
                issuer: issuer.to_owned(),
                token_lifetime: config.access_token_lifetime(),
                secret_key,
                started_at: clock.now(),
            },
            clock: clock.clone(),
            random: random.clone(),
        };
        let (keys, keyring) = open_keyring(&db, &policy).await?;
        let keyring = Arc::new(keyring);
        let local = Limits { in_flight: IN_FLIGHT, deadline: None };
        let passwords = start_passwords(&config, random)?;
        let guard = Guard::new(Handle::new("guard", GuardActor::new(clock).start(), local));
        let keeper =
            KeeperActor::new(db.clone(), file, policy, keys, Arc::clone(&keyring), passwords.clone());
        Ok(Self {
            passwords,
            guard,
            keeper: Handle::new("keeper", keeper.start(), local),
            keyring,
            rules: Rules {
                password: config.password.policy(),
                refresh_lifetime: config.refresh_token_lifetime(),
                refresh_grace: config.refresh_grace(),
            },
            token_lifetime: config.access_token_lifetime(),
            surroundings,
            issuer: Arc::from(issuer),
            config: Arc::new(config),
            db,
        })
    }

    /// Starts a signer and a use-case actor on this thread's arbiter, and returns the way to the
    /// latter: for whoever sends messages without HTTP.
    #[must_use]
    pub fn accounts(&self) -> Handle<AccountActor> {
        self.start_worker().1
    }

    fn start_worker(&self) -> (Handle<TokenActor>, Handle<AccountActor>) {
        let limits = Limits { in_flight: IN_FLIGHT, deadline: None };
        let Surroundings { clock, random } = self.surroundings.clone();
        let signer: Addr<TokenActor> =
            TokenActor::new(Arc::clone(&self.keyring), clock.clone(), random, self.token_lifetime).start();
        self.keeper.tell(Subscribe(signer.clone().recipient()));
        let tokens = Handle::new("token", signer, limits);
        let desk = Desk {
            lookups: Group::new(self.db.clone()),
            rotations: Group::new(self.db.clone()),
            db: self.db.clone(),
            passwords: self.passwords.clone(),
            guard: self.guard.clone(),
            tokens: tokens.clone(),
            clock,
            rules: self.rules,
        };
        let accounts = Handle::new("account", AccountActor::new(desk).start(), limits);
        (tokens, accounts)
    }

    /// Adds every route to an actix application, on the thread that serves it.
    pub fn configure(&self, config: &mut ServiceConfig) {
        let (tokens, accounts) = self.start_worker();
        let api = Api {
            accounts,
            tokens,
            db: self.db.clone(),
            passwords: self.passwords.clone(),
            guard: self.guard.clone(),
            keeper: self.keeper.clone(),
            policy: self.rules.password,
            trusted_proxies: self.config.trusted_proxies.as_slice().into(),
            issuer: Arc::clone(&self.issuer),
        };
        http::configure(config, api);
    }

    /// The database, for messages that no use case sends.
    #[must_use]
    pub const fn db(&self) -> &Handle<DbActor> {
        &self.db
    }

    /// The hash threads.
    #[must_use]
    pub const fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// The keeper, which a test that has moved the clock sends to work.
    #[must_use]
    pub const fn keeper(&self) -> &Handle<KeeperActor> {
        &self.keeper
    }

    /// Commits what is open and closes the database. Nothing works after.
    ///
    /// # Errors
    ///
    /// When the database could not be closed.
    pub async fn close(&self) -> Result<(), DbError> {
        self.db.ask(Close).await
    }
}

fn start_passwords(config: &Config, random: Random) -> Result<Passwords, PasswordError> {
    let cost = config.password.bcrypt_cost;
    let hasher = Arc::new(Hasher::new(cost, random)?);
    // Until a hash was measured: the order of magnitude on today's machines, 0.2 s at cost 12.
    let estimate = Duration::from_micros(50) * (1 << cost.min(24));
    let admission = Admission::new(cores(), config.max_login_wait(), estimate);
    let actor = PasswordActor::start(cores(), hasher, Arc::clone(&admission));
    // The queue lets in as many as there are threads; pings come on top.
    let threads = NonZeroUsize::get(cores());
    let limits = Limits { in_flight: threads + 64, deadline: None };
    Ok(Passwords::new(Handle::new("password", actor, limits), admission))
}

/// A server that listens, and answers as soon as it is run.
pub struct Application {
    sekisho: Sekisho,
    server: Server,
    metrics: Option<Server>,
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    terminate: Signal,
    interrupt: Signal,
}

impl Application {
    /// Listens and starts everything. It must be called on a thread with an actix system.
    ///
    /// # Errors
    ///
    /// See [`AppError`].
    pub async fn build(config: Config, surroundings: Surroundings) -> Result<Self, AppError> {
        raise_file_limit();
        let (listener, address) = listen(config.listen)?;
        let metrics_listener = config.metrics_listen.map(listen).transpose()?;
        let issuer = format!("http://{address}");
        let workers = config.worker_count();
        let origins: Arc<[String]> = config.cors_origins.as_slice().into();
        let sekisho = Sekisho::start(config, &issuer, surroundings).await?;
        let for_workers = sekisho.clone();
        let server = HttpServer::new(move || {
            App::new()
                .wrap(Condition::new(!origins.is_empty(), cors(&origins)))
                .wrap(Observe)
                .configure(|config| for_workers.configure(config))
                .configure(http::refuse_unknown_paths)
        })
        .workers(workers)
        .keep_alive(Duration::from_secs(30))
        .client_request_timeout(Duration::from_secs(5))
        .client_disconnect_timeout(Duration::from_secs(1))
        // Whoever hangs up cannot be told from whoever only says no more; the former leave the queue
        // for a hash, and the latter are no HTTP clients.
        .h1_allow_half_closed(false)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .listen(listener)?
        .run();
        let (metrics, metrics_address) = match metrics_listener {
            Some((listener, address)) => {
                let server = HttpServer::new(|| App::new().configure(metrics_page))
                    .workers(1)
                    .shutdown_timeout(1)
                    .disable_signals()
                    .listen(listener)?
                    .run();
                (Some(server), Some(address))
            }
            None => (None, None),
        };
        // From here on, and not only once it is run: whoever is told that we listen may tell us to end.
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { sekisho, server, metrics, address, metrics_address, terminate, interrupt })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it serves metrics.
    #[must_use]
    pub const fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// The actors, for messages.
    #[must_use]
    pub const fn sekisho(&self) -> &Sekisho {
        &self.sekisho
    }

    /// What ends the server, as a signal does.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until SIGTERM, Ctrl-C or the handle ends it: stops accepting, finishes what is
    /// under way, closes the database. A second signal does not wait for what is under way.
    ///
    /// # Errors
    ///
    /// When the server fails, or the database cannot be closed.
    pub async fn run(self) -> Result<(), AppError> {
        let handle = self.server.handle();
        let (mut terminate, mut interrupt) = (self.terminate, self.interrupt);
        let mut first_or_second_signal = async move || {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        };
        let (hurry, hurried) = oneshot::channel();
        let watcher = actix::spawn(async move {
            first_or_second_signal().await;
            log::info!("ending: no new connections; what is under way is finished");
            let graceful = handle.stop(true);
            tokio::select! {
                () = graceful => {}
                // A server that is ending takes no other order: it is left where it stands.
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

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), AppError> {
    let failed = |source| AppError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
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

/// Allows as many open files as the system lets us ask for: each connection is one.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        log::warn!("the limit of open files stays as it is: {error}");
    }
}
