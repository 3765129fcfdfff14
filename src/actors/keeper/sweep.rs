//! The walk through the sessions, a batch at a time and from the beginning again at their end.

use std::time::Duration;

use super::KeyringError;
use crate::{
    actors::{
        Handle,
        db::{DbActor, FindRefreshVersions, KeySet, PurgeRefreshSecrets, PurgeSessions},
    },
    domain::{SessionId, SessionRules, Timestamp},
};

/// How many sessions are looked at each time.
const BATCH: i64 = 500;

/// For how long the reason why a session ended can be seen.
const ENDED_SESSIONS_KEPT: Duration = Duration::from_hours(30 * 24);

/// How far a walk has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Walk {
    /// The last session that it looked at.
    at: SessionId,
    /// The versions of the refresh secret that were outdated when the walk began and that it has not found
    /// in use. A version that becomes outdated during the walk is left to the next one, because this one
    /// has not looked for it in every session.
    unused: Vec<u8>,
}

impl Walk {
    /// Sweeps the next batch. At the end of the table it deletes the versions of the refresh secret that
    /// no live session uses; the next look around finds them gone. Returns the walk's progress.
    pub(super) async fn go_on(
        mut self,
        db: &Handle<DbActor>,
        set: &KeySet,
        rules: &SessionRules,
        token_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Self, KeyringError> {
        if self.at == SessionId::default() {
            self.unused = outdated(set, rules.refresh_lifetime.max(token_lifetime), now);
        }
        let purge = PurgeSessions {
            after: self.at,
            batch: BATCH,
            ended_before: now - ENDED_SESSIONS_KEPT,
            replaced_before: now - rules.refresh_grace,
            now,
        };
        if let Some(last) = db.ask(purge).await?.last {
            if !self.unused.is_empty() {
                let in_use = db.ask(FindRefreshVersions { after: self.at, last, now }).await?;
                self.unused.retain(|version| !in_use.contains(version));
            }
            self.at = last;
            return Ok(self);
        }
        if self.unused.is_empty() {
            return Ok(Self::default());
        }
        log::info!("deleting versions of the refresh secret that no live session uses: {:?}", self.unused);
        db.ask(PurgeRefreshSecrets { versions: self.unused }).await?;
        Ok(Self::default())
    }
}

/// The versions that were replaced longer ago than any token lives. Their refresh tokens, other than those
/// that are still current, would have expired, and need not be recognised as stolen any more.
fn outdated(set: &KeySet, lifetime: Duration, now: Timestamp) -> Vec<u8> {
    let secrets = &set.refresh_secrets;
    let successors = secrets.iter().skip(1);
    let pairs = secrets.iter().zip(successors);
    pairs
        .filter(|(_, successor)| successor.used_from + lifetime <= now)
        .map(|(secret, _)| secret.version)
        .collect()
}
