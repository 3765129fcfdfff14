//! One look around: what the keeper asks of the database each second.

use std::{sync::Arc, time::Duration};

use super::{
    KeyPolicy, KeyringError,
    keyring::{read_keyring, rotate_keys},
};
use crate::{
    actors::{
        Handle,
        db::{
            Census, CountSlice, DbActor, FindHighestCost, FindKeys, KeySet, PurgeKeys, PurgeSessions,
            StoredOtherwise,
        },
        token::{ANNOUNCE, KeyState, Keyring},
    },
    domain::{SessionId, Timestamp},
};

/// How many sessions it looks at each time.
const SWEEP_BATCH: i64 = 500;

/// For how long the reason why a session ended can be seen.
const ENDED_SESSIONS_KEPT: Duration = Duration::from_hours(30 * 24);

/// One look around, with all that it needs in hand.
pub(super) struct Round {
    pub(super) db: Handle<DbActor>,
    pub(super) policy: KeyPolicy,
    pub(super) known: Vec<String>,
    pub(super) keyring: Arc<Keyring>,
    pub(super) swept: SessionId,
    pub(super) find_cost: FindHighestCost,
    pub(super) census: CountSlice,
}

/// What it found.
pub(super) struct Found {
    /// How the keys are stored by now, where that is otherwise than this process stores them.
    pub(super) stored_otherwise: Option<StoredOtherwise>,
    /// A keyring, where the keys have changed.
    pub(super) news: Option<(Keyring, KeySet)>,
    /// Why it lacks those that were added.
    pub(super) unreadable: Option<KeyringError>,
    pub(super) swept: SessionId,
    pub(super) highest_cost: Option<u32>,
    pub(super) census: Census,
}

impl Round {
    pub(super) async fn run(self) -> Result<Found, KeyringError> {
        let now = self.policy.clock.now();
        let set = self.keys(now).await?;
        let is_news = !set.keys.iter().map(|key| &key.kid).eq(&self.known);
        let given = self.policy.setup.key_wrap.key_id();
        let found = set.keys.iter().map(|key| key.private_key.wrapped_by()).find(|found| *found != given);
        let stored_otherwise = found.map(|found| StoredOtherwise { found, given });
        let (mut news, mut unreadable) = (None, None);
        if is_news {
            let (keyring, error) = self.keyring(&set).await?;
            (news, unreadable) = (Some((keyring, set)), error);
        }
        let swept = self.sweep(now).await?;
        let highest_cost = self.db.ask(self.find_cost).await?;
        let census = self.db.ask(self.census).await?;
        Ok(Found { stored_otherwise, news, unreadable, swept, highest_cost, census })
    }

    /// Reads the keys that were found. Those that cannot be read are done without: the others are used on,
    /// but for those that are gone.
    async fn keyring(&self, set: &KeySet) -> Result<(Keyring, Option<KeyringError>), KeyringError> {
        match read_keyring(&self.db, &self.policy, set).await {
            Err(
                error @ (KeyringError::Key(_) | KeyringError::Open(_) | KeyringError::StoredOtherwise(_)),
            ) => Ok((self.keyring.without_revoked(set), Some(error))),
            outcome => outcome.map(|keyring| (keyring, None)),
        }
    }

    async fn keys(&self, now: Timestamp) -> Result<KeySet, KeyringError> {
        let mut set = self.db.ask(FindKeys).await?;
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
        Ok(set)
    }

    async fn sweep(&self, now: Timestamp) -> Result<SessionId, KeyringError> {
        let purge = PurgeSessions {
            after: self.swept,
            batch: SWEEP_BATCH,
            ended_before: now - ENDED_SESSIONS_KEPT,
            now,
        };
        Ok(self.db.ask(purge).await?.last.unwrap_or(SessionId(0)))
    }
}
