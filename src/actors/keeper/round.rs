//! One look around: what the keeper asks of the database each second.

use std::{sync::Arc, time::Duration};

use super::{
    KeyPolicy, KeyringError,
    keyring::{rotate_keys, with_refresh_secret},
    sweep::Walk,
};
use crate::{
    actors::{
        Handle,
        db::{
            Census, CountSlice, DbActor, DbError, EmptyLog, FindHighestCost, FindKeys, KeySet, PurgeKeys,
            StoredOtherwise,
        },
        token::{ANNOUNCE, KeyError, KeyState, Keyring},
    },
    domain::{SessionRules, Timestamp},
};

/// How often the write-ahead log is emptied. It holds what pages held before they were changed: deleted
/// users, and what led from old refresh tokens to those of today.
const LOG_KEPT: Duration = Duration::from_mins(1);

/// One look around, with all that it needs in hand.
pub(super) struct Round {
    pub(super) db: Handle<DbActor>,
    pub(super) policy: KeyPolicy,
    pub(super) rules: SessionRules,
    pub(super) known: Arc<KeySet>,
    pub(super) keyring: Arc<Keyring>,
    pub(super) walk: Walk,
    pub(super) log_bytes: u64,
    pub(super) log_emptied_at: Option<Timestamp>,
    pub(super) find_cost: FindHighestCost,
    pub(super) census: CountSlice,
}

/// What it found and did.
pub(super) struct Found {
    /// How the keys are stored by now, where that is otherwise than this process stores them.
    pub(super) stored_otherwise: Option<StoredOtherwise>,
    /// A keyring, where the keys have changed.
    pub(super) news: Option<(Keyring, KeySet)>,
    /// Why it lacks those that were added.
    pub(super) unreadable: Option<KeyError>,
    /// What the chores yielded, where all were done.
    pub(super) chores: Option<Chores>,
    /// Why keys that were due were not made or deleted, or not all chores done.
    pub(super) failed: Option<KeyringError>,
}

/// What has to be done besides looking after the keys.
pub(super) struct Chores {
    pub(super) walk: Walk,
    pub(super) log_emptied_at: Option<Timestamp>,
    pub(super) highest_cost: Option<u32>,
    pub(super) census: Census,
}

impl Round {
    /// Looks around.
    ///
    /// Whether keys were revoked is told whatever else fails: all the rest writes, which another process can
    /// hold up for as long as it likes.
    ///
    /// # Errors
    ///
    /// When the keys cannot be looked at.
    pub(super) async fn run(self) -> Result<Found, KeyringError> {
        let now = self.policy.clock.now();
        let stored = self.db.ask(FindKeys).await?;
        let (set, not_renewed) = match self.renew_keys(stored.clone(), now).await {
            Ok(set) => (set, None),
            Err(error) => (stored, Some(error)),
        };
        let (chores, not_done) = match self.do_chores(&set, now).await {
            Ok(chores) => (Some(chores), None),
            Err(error) => (None, Some(error)),
        };
        let failed = not_renewed.or(not_done);
        let stored_otherwise = self.stored_otherwise(&set);
        let (mut news, mut unreadable) = (None, None);
        if !set.is_of_the_same_keys(&self.known) {
            let (keyring, error) = self.keyring(&set);
            (news, unreadable) = (Some((keyring, set)), error);
        }
        Ok(Found { stored_otherwise, news, unreadable, chores, failed })
    }

    async fn do_chores(&self, set: &KeySet, now: Timestamp) -> Result<Chores, KeyringError> {
        let token_lifetime = self.policy.setup.token_lifetime;
        let walk = self.walk.clone().go_on(&self.db, set, &self.rules, token_lifetime, now).await?;
        let log_emptied_at = self.empty_log(now).await?;
        let highest_cost = self.db.ask(self.find_cost).await?;
        let census = self.db.ask(self.census).await?;
        Ok(Chores { walk, log_emptied_at, highest_cost, census })
    }

    /// How the keys are stored, where that is otherwise than this process stores them.
    fn stored_otherwise(&self, set: &KeySet) -> Option<StoredOtherwise> {
        let given = self.policy.setup.key_wrap.key_id();
        let keys = set.keys.iter().map(|key| &key.private_key);
        let mut stored = keys.chain(set.refresh_secrets.iter().map(|secret| &secret.value));
        let found = stored.find_map(|secret| Some(secret.wrapped_by()).filter(|found| *found != given))?;
        Some(StoredOtherwise { found, given })
    }

    /// Reads the keys that were found. Those that cannot be read are done without: the others are used on,
    /// but for those that are gone.
    fn keyring(&self, set: &KeySet) -> (Keyring, Option<KeyError>) {
        match Keyring::new(set, &self.policy.setup) {
            Ok(keyring) => (keyring, None),
            Err(error) => (self.keyring.without_revoked(set), Some(error)),
        }
    }

    /// Empties the log where that is due, and says when it was emptied last.
    async fn empty_log(&self, now: Timestamp) -> Result<Option<Timestamp>, KeyringError> {
        let is_due = self.log_emptied_at.is_none_or(|at| now.since(at) >= LOG_KEPT);
        if self.log_bytes == 0 || !is_due {
            return Ok(self.log_emptied_at);
        }
        match self.db.ask(EmptyLog).await {
            Ok(()) => Ok(Some(now)),
            // Another process reads. It is tried again the next time.
            Err(DbError::Locked) => Ok(self.log_emptied_at),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the keys that are due, deletes those that have retired, and returns those that are there then.
    async fn renew_keys(&self, mut set: KeySet, now: Timestamp) -> Result<KeySet, KeyringError> {
        let external = self.policy.setup.secret_key.is_some();
        let add = async |algorithm, at_once| {
            let maker = (&self.policy.setup.key_wrap, &self.policy.random);
            rotate_keys(&self.db, algorithm, at_once, &self.policy.clock, maker).await
        };
        match set.keys.last() {
            _ if external => {}
            Some(newest) if now + ANNOUNCE >= newest.signs_from + self.policy.lifetime => {
                set = add(newest.algorithm, false).await?;
            }
            Some(_) => {}
            // A backup was restored in the database's place, without its keys.
            None => set = add(self.policy.algorithm, true).await?,
        }
        let retired: Vec<_> = self
            .keyring
            .summaries(now)
            .into_iter()
            .filter(|key| key.state == KeyState::Retired)
            .map(|key| key.kid)
            .collect();
        if !retired.is_empty() {
            self.db.ask(PurgeKeys { kids: retired }).await?;
            set = self.db.ask(FindKeys).await?;
        }
        with_refresh_secret(&self.db, &self.policy, set).await
    }
}
