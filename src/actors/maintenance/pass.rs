//! One pass of the maintenance: its messages to the database.

use std::{sync::Arc, time::Duration};

use super::{
    KeyPolicy, KeyringError,
    keys::{rotate_keys, with_refresh_secret},
    purge::PurgeProgress,
};
use crate::{
    actors::{
        db::{CountSlice, Db, DbError, FindHighestCost, FindKeys, PurgeKeys, TableCounts},
        token::{ANNOUNCEMENT_PERIOD, KeyError, KeyState, Keyring},
    },
    domain::{Context, KeySet, SessionRules, StoredOtherwise, Timestamp},
};

/// How often the write-ahead log is emptied. It holds earlier versions of pages, with deleted users and with
/// the salts that lead from old refresh tokens to current ones.
const LOG_EMPTYING_INTERVAL: Duration = Duration::from_mins(1);

/// One pass, with everything that it needs from the actor.
pub(super) struct Pass {
    pub(super) db: Db,
    pub(super) policy: KeyPolicy,
    pub(super) rules: SessionRules,
    pub(super) known: Arc<KeySet>,
    pub(super) keyring: Arc<Keyring>,
    pub(super) purge_progress: PurgeProgress,
    pub(super) log_bytes: u64,
    pub(super) log_emptied_at: Option<Timestamp>,
    pub(super) find_cost: FindHighestCost,
    pub(super) count_slice: CountSlice,
}

/// What a pass found and did.
pub(super) struct PassReport {
    /// How the keys are stored, if another process has changed that.
    pub(super) stored_otherwise: Option<StoredOtherwise>,
    /// The new keyring, if the keys have changed.
    pub(super) new_keyring: Option<(Keyring, KeySet)>,
    /// Why the new keyring lacks the keys that were added, if it does.
    pub(super) unreadable: Option<KeyError>,
    /// The results of the routine work, if all of it succeeded.
    pub(super) routine: Option<RoutineReport>,
    /// Why keys that were due were not made or deleted, or why the routine work failed.
    pub(super) failed: Option<KeyringError>,
}

/// The results of the work besides the keys: purging, emptying the log, counting.
pub(super) struct RoutineReport {
    pub(super) purge_progress: PurgeProgress,
    pub(super) log_emptied_at: Option<Timestamp>,
    pub(super) highest_cost: Option<u32>,
    pub(super) counts: TableCounts,
}

impl Pass {
    /// Runs the pass.
    ///
    /// Revoked keys are reported even if the rest fails: the rest writes, and another process can block
    /// writes for as long as it likes.
    ///
    /// # Errors
    ///
    /// When the keys cannot be read from the database.
    pub(super) async fn run(self) -> Result<PassReport, KeyringError> {
        let context = Context::system(self.policy.clock.now());
        let stored = self.db.ask(FindKeys, &context).await?;
        let (set, not_renewed) = match self.renew_keys(stored.clone(), &context).await {
            Ok(set) => (set, None),
            Err(error) => (stored, Some(error)),
        };
        let (routine, not_done) = match self.run_routine(&set, &context).await {
            Ok(routine) => (Some(routine), None),
            Err(error) => (None, Some(error)),
        };
        let failed = not_renewed.or(not_done);
        let stored_otherwise = self.stored_otherwise(&set);
        let (mut new_keyring, mut unreadable) = (None, None);
        if !set.is_of_the_same_keys(&self.known) {
            let (keyring, error) = self.keyring(&set);
            (new_keyring, unreadable) = (Some((keyring, set)), error);
        }
        Ok(PassReport { stored_otherwise, new_keyring, unreadable, routine, failed })
    }

    async fn run_routine(&self, set: &KeySet, context: &Context) -> Result<RoutineReport, KeyringError> {
        let token_lifetime = self.policy.setup.token_lifetime;
        let purge_progress = self
            .purge_progress
            .clone()
            .purge_next(&self.db, set, &self.rules, token_lifetime, context)
            .await?;
        let log_emptied_at = self.empty_log(context.now).await?;
        let highest_cost = self.db.ask(self.find_cost, context).await?;
        let counts = self.db.ask(self.count_slice, context).await?;
        Ok(RoutineReport { purge_progress, log_emptied_at, highest_cost, counts })
    }

    /// How the keys are wrapped, if that differs from how this process wraps them.
    fn stored_otherwise(&self, set: &KeySet) -> Option<StoredOtherwise> {
        let given = self.policy.setup.key_wrap.key_id();
        let keys = set.keys.iter().map(|key| &key.private_key);
        let mut stored = keys.chain(set.refresh_secrets.iter().map(|secret| &secret.value));
        let found = stored.find_map(|secret| Some(secret.wrapped_by()).filter(|found| *found != given))?;
        Some(StoredOtherwise { found, given })
    }

    /// Reads the keys that were found. If they cannot be read, the keyring goes on with the keys that it has,
    /// without those that were deleted.
    fn keyring(&self, set: &KeySet) -> (Keyring, Option<KeyError>) {
        match Keyring::new(set, &self.policy.setup) {
            Ok(keyring) => (keyring, None),
            Err(error) => (self.keyring.without_revoked(set), Some(error)),
        }
    }

    /// Empties the log if that is due, and returns when it was last emptied.
    async fn empty_log(&self, now: Timestamp) -> Result<Option<Timestamp>, KeyringError> {
        let is_due = self.log_emptied_at.is_none_or(|at| now.since(at) >= LOG_EMPTYING_INTERVAL);
        if self.log_bytes == 0 || !is_due {
            return Ok(self.log_emptied_at);
        }
        match self.db.empty_log().await {
            Ok(()) => Ok(Some(now)),
            // Another process is reading. The next pass tries again.
            Err(DbError::Locked) => Ok(self.log_emptied_at),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the keys that are due, deletes those that have retired, and returns the resulting keys.
    async fn renew_keys(&self, mut set: KeySet, context: &Context) -> Result<KeySet, KeyringError> {
        let now = context.now;
        let external = self.policy.setup.secret_key.is_some();
        let add = async |algorithm, at_once| {
            let maker = (&self.policy.setup.key_wrap, &self.policy.random);
            rotate_keys(&self.db, algorithm, at_once, context, maker).await
        };
        match set.keys.last() {
            _ if external => {}
            Some(newest) if now + ANNOUNCEMENT_PERIOD >= newest.signs_from + self.policy.lifetime => {
                set = add(newest.algorithm, false).await?;
            }
            Some(_) => {}
            // The database was replaced by a restored backup without keys.
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
            self.db.ask(PurgeKeys { kids: retired }, context).await?;
            set = self.db.ask(FindKeys, context).await?;
        }
        with_refresh_secret(&self.db, &self.policy, set, context).await
    }
}
