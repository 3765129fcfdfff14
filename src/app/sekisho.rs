//! The actors, started and connected.

use std::{rc::Rc, sync::Arc, time::Duration};

use actix::{Actor, Addr};
use actix_web::web::ServiceConfig;

use super::{AppError, Overrides};
use crate::{
    actors::{
        Handle, Limits, Pinger,
        account::{AccountActor, Coalescer, Dependencies, Renewals, Rules},
        db::{Db, DbError, FindHighestCost, sqlite::DbFile},
        maintenance::{KeyPolicy, MaintenanceActor, Subscribe, open_keyring, wrap_secrets},
        password::{Admission, Hasher, LANES, PasswordActor, PasswordError, Passwords},
        throttle::Throttle,
        token::{Keyring, SigningSetup, TokenActor},
    },
    config::{Config, cores},
    domain::{Context, PasswordPolicy, Random},
    http::{self, Api, LazyDocumentation},
};

/// The maximum number of messages in flight to the database.
const DB_IN_FLIGHT: usize = 4096;

/// The deadline of the database's answers: longer than its busy timeout and a slow disk.
const DB_DEADLINE: Duration = Duration::from_secs(10);

/// The maximum number of messages in flight to each of the other actors.
const IN_FLIGHT: usize = 16_384;

/// The deadline of the throttle's answers. The throttle never waits, so this is longer than the main thread
/// is ever busy.
const THROTTLE_DEADLINE: Duration = Duration::from_secs(5);

/// The actors that exist once, and the parts from which each worker's actors are made.
///
/// It is created on a thread with an actix system, and cloned into each worker.
///
/// ```
/// use actix_web::{App, test};
/// use sekisho::{
///     app::{Overrides, Sekisho},
///     config::{Config, Database},
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix::System::new().block_on(async {
/// let mut config = Config::default();
/// config.database.location = Database::Memory;
/// let sekisho = Sekisho::start(config, "http://localhost:8000", Overrides::default()).await?;
///
/// // The closure that `HttpServer::new` takes makes such an `App` for each worker.
/// let app = test::init_service(App::new().configure(|config| sekisho.configure(config))).await;
/// let request = test::TestRequest::get().uri("/healthz").to_request();
/// assert!(test::call_service(&app, request).await.status().is_success());
///
/// // After the server has stopped: commits open writes and closes the file.
/// sekisho.close().await?;
/// # Ok(()) })
/// # }
/// ```
#[derive(Clone)]
pub struct Sekisho {
    db: Db,
    passwords: Passwords,
    throttle: Throttle,
    renewals: Renewals,
    maintenance: Handle<MaintenanceActor>,
    keyring: Arc<Keyring>,
    rules: Rules,
    token_lifetime: Duration,
    overrides: Overrides,
    config: Arc<Config>,
    issuer: Arc<str>,
    /// The documentation, if it is served.
    documentation: Option<Arc<LazyDocumentation>>,
}

impl Sekisho {
    /// Opens the database and starts the actors. `issuer` is the issuer of tokens unless the configuration
    /// names one.
    ///
    /// # Errors
    ///
    /// If the configuration contradicts itself, or the database or its keys cannot be used.
    pub async fn start(config: Config, issuer: &str, overrides: Overrides) -> Result<Self, AppError> {
        let config = Arc::new(config);
        let issuer = config.token.issuer.as_deref().unwrap_or(issuer);
        let audiences = config.token.audiences(issuer)?;
        let secret_key = config.token.hs256_key()?;
        let key_wrap = config.encryption.key_wrap()?;
        let file = Arc::new(DbFile::open(&config.database.location)?);
        let Overrides { clock, random, .. } = overrides.clone();
        let limits = Limits { in_flight: DB_IN_FLIGHT, deadline: Some(DB_DEADLINE) };
        let db = Db::sqlite(Arc::clone(&file), limits);
        let policy = KeyPolicy {
            algorithm: config.token.algorithm,
            lifetime: config.token.key_lifetime,
            setup: SigningSetup {
                issuer: issuer.to_owned(),
                audiences,
                token_lifetime: config.token.access.lifetime,
                secret_key,
                started_at: clock.now(),
                key_wrap: key_wrap.clone(),
            },
            clock: clock.clone(),
            random: random.clone(),
        };
        let wrapped = wrap_secrets(&db, &key_wrap, &Context::system(clock.now())).await?;
        if wrapped > 0 {
            log::info!("encrypted {wrapped} keys and secrets that stood in the clear in the database");
        }
        match file.scrub_if_due() {
            Ok(true) => log::info!("rewrote the database, so that nothing that was deleted is left in it"),
            Ok(false) => {}
            Err(error) => {
                log::warn!("the next start has to rewrite the database, for this one could not: {error}");
            }
        }
        let (keys, keyring) = open_keyring(&db, &policy).await?;
        let keyring = Arc::new(keyring);
        let local = Limits { in_flight: IN_FLIGHT, deadline: None };
        let passwords = start_passwords(&config, random)?;
        let find_cost = FindHighestCost { at_most: passwords.hasher().cost_limit() };
        passwords
            .hasher()
            .level_with(db.ask(find_cost, &Context::system(clock.now())).await.map_err(AppError::Read)?);
        let throttle = Throttle::start(
            clock,
            &overrides.random,
            Limits { in_flight: IN_FLIGHT, deadline: Some(THROTTLE_DEADLINE) },
        )?;
        let sessions = config.session.rules();
        let all_keys = (keys, Arc::clone(&keyring));
        let maintenance =
            MaintenanceActor::new(db.clone(), file, policy, sessions, all_keys, passwords.clone());
        Ok(Self {
            passwords,
            throttle,
            renewals: Renewals::default(),
            maintenance: Handle::new(maintenance.start(), local),
            keyring,
            rules: Rules {
                password: config.password.policy(),
                registration: config.account.registration,
                sessions,
            },
            token_lifetime: config.token.access.lifetime,
            overrides,
            issuer: Arc::from(issuer),
            documentation: http::documentation(&config, issuer),
            config,
            db,
        })
    }

    /// Starts a token actor and an account actor on this thread's arbiter, and returns a handle to the
    /// latter, for sending messages without HTTP.
    #[must_use]
    pub fn accounts(&self) -> Handle<AccountActor> {
        self.start_worker().1
    }

    fn start_worker(&self) -> (Handle<TokenActor>, Handle<AccountActor>) {
        let limits = Limits { in_flight: IN_FLIGHT, deadline: None };
        let Overrides { clock, random, .. } = self.overrides.clone();
        let signer: Addr<TokenActor> =
            TokenActor::new(Arc::clone(&self.keyring), clock.clone(), random, self.token_lifetime).start();
        self.maintenance.tell(Subscribe(signer.clone().recipient()));
        let tokens = Handle::new(signer, limits);
        let deps = Dependencies {
            lookups: Coalescer::new(self.db.clone(), clock.clone()),
            rotations: Coalescer::new(self.db.clone(), clock.clone()),
            db: self.db.clone(),
            passwords: self.passwords.clone(),
            throttle: self.throttle.clone(),
            renewals: self.renewals.clone(),
            tokens: tokens.clone(),
            clock,
            rules: self.rules,
        };
        let accounts = Handle::new(AccountActor::new(deps).start(), limits);
        (tokens, accounts)
    }

    /// Adds every route to an actix application, on the thread that serves it.
    pub fn configure(&self, config: &mut ServiceConfig) {
        let (tokens, accounts) = self.start_worker();
        let readiness = Rc::new([
            Pinger::from(&self.db),
            self.passwords.handle().into(),
            self.throttle.handle().into(),
            (&tokens).into(),
            (&accounts).into(),
            (&self.maintenance).into(),
        ]);
        let api = Api {
            accounts,
            tokens,
            readiness,
            policy: self.rules.password,
            registration: self.rules.registration,
            documentation: self.documentation.clone(),
            cors_origins: self.config.server.cors_origins.as_slice().into(),
            trusted_proxies: self.config.server.trusted_proxies.as_slice().into(),
            issuer: Arc::clone(&self.issuer),
        };
        http::configure(config, api);
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// The database, for messages that no use case sends.
    #[must_use]
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// The policy for new passwords, which makes the `NewPassword`s of messages.
    #[must_use]
    pub const fn password_policy(&self) -> PasswordPolicy {
        self.rules.password
    }

    /// The queue for hash slots, and the hash threads behind it.
    #[must_use]
    pub const fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// The throttle.
    #[must_use]
    pub const fn throttle(&self) -> &Throttle {
        &self.throttle
    }

    /// The maintenance actor. A test that has moved the clock sends it
    /// [`RunMaintenance`](crate::actors::maintenance::RunMaintenance).
    #[must_use]
    pub const fn maintenance(&self) -> &Handle<MaintenanceActor> {
        &self.maintenance
    }

    /// Commits open writes and closes the database. Later messages fail.
    ///
    /// # Errors
    ///
    /// If the database could not be closed.
    pub async fn close(&self) -> Result<(), DbError> {
        self.db.close().await
    }
}

fn start_passwords(config: &Config, random: Random) -> Result<Passwords, PasswordError> {
    let cost = config.password.bcrypt_cost;
    let hasher = Arc::new(Hasher::new(cost, random)?);
    // Until a group of hashes was measured, an estimate from the order of magnitude on current machines: 0.3
    // s at cost 12.
    let estimate = Duration::from_micros(75) * (1 << cost.min(24));
    let slots = cores().saturating_mul(LANES);
    let admission = Admission::new(slots, config.account.max_login_wait, estimate);
    let actor = PasswordActor::start(cores(), Arc::clone(&hasher), Arc::clone(&admission));
    // The queue admits as many as can be hashed at once; pings come on top.
    let limits = Limits { in_flight: slots.get() + 64, deadline: None };
    Ok(Passwords::new(Handle::new(actor, limits), hasher, admission))
}
