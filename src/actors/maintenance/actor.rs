//! The actor: when it runs a pass, and what it does with the outcome.

use std::{sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, Message, Recipient, ResponseActFuture, WrapFuture};

use super::{
    keys::{KeyPolicy, KeyringError},
    pass::{Pass, PassReport, RoutineReport},
    purge::PurgeProgress,
    running_count::RunningCount,
};
use crate::{
    actors::{
        Named, Ping, PingError,
        db::{CountSlice, Db, FindHighestCost, sqlite::DbFile},
        handle::tell,
        password::Passwords,
        token::{Keyring, UseKeyring},
    },
    domain::{KeySet, SessionRules, StoredOtherwise, Timestamp},
    metrics,
};

/// The time between two passes.
const INTERVAL: Duration = Duration::from_secs(1);

/// How many users, and how many sessions, one pass counts.
const COUNTED_ROWS: i64 = 5000;

/// The actor; see the module's documentation.
pub struct MaintenanceActor {
    db: Db,
    file: Arc<DbFile>,
    policy: KeyPolicy,
    rules: SessionRules,
    set: Arc<KeySet>,
    keyring: Arc<Keyring>,
    passwords: Passwords,
    listeners: Vec<Recipient<UseKeyring>>,
    purge_progress: PurgeProgress,
    log_emptied_at: Option<Timestamp>,
    users: RunningCount,
    sessions: RunningCount,
    /// Whether a pass is running; a slow database is not asked again meanwhile.
    running: bool,
    /// Whether the last pass failed. The first failure in a row is logged, the others are not.
    failing: bool,
    /// How another process has wrapped the secrets since, if differently; that is logged once as well.
    stored_otherwise: Option<StoredOtherwise>,
}

impl MaintenanceActor {
    /// Creates the actor with the keyring that [`open_keyring`](super::open_keyring) read.
    #[must_use]
    pub fn new(
        db: Db,
        file: Arc<DbFile>,
        policy: KeyPolicy,
        rules: SessionRules,
        (set, keyring): (KeySet, Arc<Keyring>),
        passwords: Passwords,
    ) -> Self {
        Self {
            db,
            file,
            policy,
            rules,
            set: Arc::new(set),
            keyring,
            passwords,
            listeners: Vec::new(),
            purge_progress: PurgeProgress::default(),
            log_emptied_at: None,
            users: RunningCount::default(),
            sessions: RunningCount::default(),
            running: false,
            failing: false,
            stored_otherwise: None,
        }
    }
}

impl Named for MaintenanceActor {
    const NAME: &'static str = "maintenance";
}

impl Actor for MaintenanceActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(INTERVAL, |actor, ctx| {
            if actor.running {
                return;
            }
            #[expect(clippy::disallowed_methods, reason = "the actor's message to itself has no answer")]
            ctx.address().do_send(RunMaintenance);
        });
    }
}

/// Subscribes to new keyrings. The current one is sent at once.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Subscribe(pub Recipient<UseKeyring>);

impl Handler<Subscribe> for MaintenanceActor {
    type Result = ();

    fn handle(&mut self, Subscribe(listener): Subscribe, _: &mut Context<Self>) {
        tell(&listener, UseKeyring(Arc::clone(&self.keyring)));
        self.listeners.push(listener);
    }
}

impl Handler<Ping> for MaintenanceActor {
    type Result = Result<(), PingError>;

    fn handle(&mut self, _: Ping, _: &mut Context<Self>) -> Self::Result {
        Ok(())
    }
}

/// Runs one pass. The actor sends it to itself every second; a test that has moved the clock sends it too.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), KeyringError>")]
pub struct RunMaintenance;

impl Handler<RunMaintenance> for MaintenanceActor {
    type Result = ResponseActFuture<Self, Result<(), KeyringError>>;

    fn handle(&mut self, _: RunMaintenance, _: &mut Context<Self>) -> Self::Result {
        self.running = true;
        let log_bytes = self.file.wal_bytes();
        metrics::database::WAL_BYTES.set(i64::try_from(log_bytes).unwrap_or(i64::MAX));
        metrics::actors::in_flight("hash_queue", self.passwords.waiting());
        let pass = Pass {
            db: self.db.clone(),
            policy: self.policy.clone(),
            rules: self.rules,
            known: Arc::clone(&self.set),
            keyring: Arc::clone(&self.keyring),
            purge_progress: self.purge_progress.clone(),
            log_bytes,
            log_emptied_at: self.log_emptied_at,
            find_cost: FindHighestCost { at_most: self.passwords.hasher().cost_limit() },
            count_slice: CountSlice {
                users_after: self.users.after,
                sessions_after: self.sessions.after,
                rows: COUNTED_ROWS,
            },
        };
        let work = async move { pass.run().await };
        Box::pin(actix::fut::ActorFutureExt::map(work.into_actor(self), |outcome, this, _| {
            this.conclude(outcome)
        }))
    }
}

impl MaintenanceActor {
    fn conclude(&mut self, outcome: Result<PassReport, KeyringError>) -> Result<(), KeyringError> {
        self.running = false;
        let failure = match outcome {
            Err(error) => Some(error),
            Ok(PassReport { stored_otherwise, new_keyring, unreadable, routine, failed }) => {
                if let Some(routine) = routine {
                    self.apply_routine(routine);
                }
                self.report_storage(stored_otherwise);
                if let Some((keyring, set)) = new_keyring {
                    self.publish(keyring, set);
                }
                if let Some(error) = unreadable {
                    log::error!("the keys have changed, and the new ones cannot be read: {error}");
                    return Err(error.into());
                }
                failed
            }
        };
        let Some(error) = failure else {
            self.failing = false;
            return Ok(());
        };
        if !self.failing {
            log::warn!("housekeeping fails, and goes on trying: {error}");
            self.failing = true;
        }
        Err(error)
    }

    fn apply_routine(&mut self, routine: RoutineReport) {
        self.purge_progress = routine.purge_progress;
        self.log_emptied_at = routine.log_emptied_at;
        if let Some(count) = self.users.add(routine.counts.users) {
            metrics::database::USERS.set(count);
        }
        if let Some(count) = self.sessions.add(routine.counts.sessions) {
            metrics::database::SESSIONS.set(count);
        }
        metrics::database::DATABASE_BYTES.set(routine.counts.database_bytes);
        self.passwords.hasher().level_with(routine.highest_cost);
    }

    fn report_storage(&mut self, stored_otherwise: Option<StoredOtherwise>) {
        if stored_otherwise == self.stored_otherwise {
            return;
        }
        if let Some(otherwise) = stored_otherwise {
            log::warn!("{otherwise}; until then it reads no new keys");
        }
        self.stored_otherwise = stored_otherwise;
    }

    fn publish(&mut self, keyring: Keyring, set: KeySet) {
        self.set = Arc::new(set);
        self.keyring = Arc::new(keyring);
        self.listeners.retain(Recipient::connected);
        for listener in &self.listeners {
            tell(listener, UseKeyring(Arc::clone(&self.keyring)));
        }
    }
}
