//! `KeeperActor`: what has to be done again and again, off everybody's path.
//!
//! It makes a new signing key when the current one is old, hands the keyring on when one was
//! added (by itself or by another process), sweeps the sessions that are over, and tells the hash threads
//! what the costliest stored hash costs.

mod keyring;
mod round;
mod sweep;
mod wrapping;

use std::{sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, Message, Recipient, ResponseActFuture, WrapFuture};

pub use self::{
    keyring::{
        KeyPolicy, KeyringError, Revoked, open_keyring, revoke_key, rotate_keys, rotate_refresh_secret,
    },
    wrapping::{rewrap_secrets, wrap_secrets},
};
use self::{
    round::{Chores, Found, Round},
    sweep::Walk,
};
use super::{
    Handle, Unreachable,
    db::{CountSlice, DbActor, DbFile, FindHighestCost, KeySet, Slice, StoredOtherwise},
    password::Passwords,
    token::{Keyring, UseKeyring},
};
use crate::{
    domain::{SessionRules, Timestamp},
    metrics,
};

/// How often the keeper looks around.
const INTERVAL: Duration = Duration::from_secs(1);

/// How many users, and how many sessions, it counts each time.
const CENSUS_ROWS: i64 = 5000;

/// The actor; see the module's documentation.
pub struct KeeperActor {
    db: Handle<DbActor>,
    file: Arc<DbFile>,
    policy: KeyPolicy,
    rules: SessionRules,
    set: Arc<KeySet>,
    keyring: Arc<Keyring>,
    passwords: Passwords,
    listeners: Vec<Recipient<UseKeyring>>,
    walk: Walk,
    log_emptied_at: Option<Timestamp>,
    users: Tally,
    sessions: Tally,
    /// Whether a look around is under way; a slow database is not asked again meanwhile.
    looking: bool,
    /// Whether the last look around failed; a failure is logged once, not every second.
    failing: bool,
    /// How another process has stored the secrets since, if it was otherwise; that is logged once as well.
    stored_otherwise: Option<StoredOtherwise>,
}

impl KeeperActor {
    /// A keeper of the keyring that [`open_keyring`] read.
    #[must_use]
    pub fn new(
        db: Handle<DbActor>,
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
            walk: Walk::default(),
            log_emptied_at: None,
            users: Tally::default(),
            sessions: Tally::default(),
            looking: false,
            failing: false,
            stored_otherwise: None,
        }
    }
}

impl Actor for KeeperActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(INTERVAL, |keeper, ctx| {
            if keeper.looking {
                return;
            }
            #[expect(clippy::disallowed_methods, reason = "the actor's message to itself has no answer")]
            ctx.address().do_send(LookAround);
        });
    }
}

/// Asks to be told of every new keyring, and is told of the present one at once.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Subscribe(pub Recipient<UseKeyring>);

impl Handler<Subscribe> for KeeperActor {
    type Result = ();

    fn handle(&mut self, Subscribe(listener): Subscribe, _: &mut Context<Self>) {
        #[expect(clippy::disallowed_methods, reason = "news have no answer")]
        listener.do_send(UseKeyring(Arc::clone(&self.keyring)));
        self.listeners.push(listener);
    }
}

/// Asks whether the keeper answers.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), Unreachable>")]
pub struct PingKeeper;

impl Handler<PingKeeper> for KeeperActor {
    type Result = Result<(), Unreachable>;

    fn handle(&mut self, _: PingKeeper, _: &mut Context<Self>) -> Self::Result {
        Ok(())
    }
}

/// Does what is due. Sent every second; a test that has moved the clock sends it itself.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), KeyringError>")]
pub struct LookAround;

impl Handler<LookAround> for KeeperActor {
    type Result = ResponseActFuture<Self, Result<(), KeyringError>>;

    fn handle(&mut self, _: LookAround, _: &mut Context<Self>) -> Self::Result {
        self.looking = true;
        let log_bytes = self.file.wal_bytes();
        metrics::wal_size(log_bytes);
        metrics::in_flight("hash_queue", self.passwords.waiting());
        let round = Round {
            db: self.db.clone(),
            policy: self.policy.clone(),
            rules: self.rules,
            known: Arc::clone(&self.set),
            keyring: Arc::clone(&self.keyring),
            walk: self.walk.clone(),
            log_bytes,
            log_emptied_at: self.log_emptied_at,
            find_cost: FindHighestCost { at_most: self.passwords.hasher().cost_limit() },
            census: CountSlice {
                users_after: self.users.after,
                sessions_after: self.sessions.after,
                rows: CENSUS_ROWS,
            },
        };
        let work = async move { round.run().await };
        Box::pin(actix::fut::ActorFutureExt::map(work.into_actor(self), |outcome, this, _| {
            this.conclude(outcome)
        }))
    }
}

impl KeeperActor {
    fn conclude(&mut self, outcome: Result<Found, KeyringError>) -> Result<(), KeyringError> {
        self.looking = false;
        let failure = match outcome {
            Err(error) => Some(error),
            Ok(Found { stored_otherwise, news, unreadable, chores, failed }) => {
                if let Some(chores) = chores {
                    self.take_in(chores);
                }
                self.report_storage(stored_otherwise);
                if let Some((keyring, set)) = news {
                    self.hand_on(keyring, set);
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

    fn take_in(&mut self, chores: Chores) {
        self.walk = chores.walk;
        self.log_emptied_at = chores.log_emptied_at;
        if let Some(count) = self.users.add(chores.census.users) {
            metrics::users(count);
        }
        if let Some(count) = self.sessions.add(chores.census.sessions) {
            metrics::sessions(count);
        }
        metrics::database_size(chores.census.database_bytes);
        self.passwords.hasher().level_with(chores.highest_cost);
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

    fn hand_on(&mut self, keyring: Keyring, set: KeySet) {
        self.set = Arc::new(set);
        self.keyring = Arc::new(keyring);
        self.listeners.retain(Recipient::connected);
        for listener in &self.listeners {
            #[expect(clippy::disallowed_methods, reason = "news have no answer")]
            listener.do_send(UseKeyring(Arc::clone(&self.keyring)));
        }
    }
}

/// A count that goes on from slice to slice.
#[derive(Default)]
struct Tally {
    after: i64,
    count: i64,
}

impl Tally {
    /// Adds a slice; the count, where it was the last.
    fn add(&mut self, slice: Slice) -> Option<i64> {
        self.count += slice.count;
        match slice.next {
            Some(after) => {
                self.after = after;
                None
            }
            None => Some(std::mem::take(self).count),
        }
    }
}
