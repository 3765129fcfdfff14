//! Purging sessions, one batch in each pass. After the last session it starts again with the first.

use std::time::Duration;

use super::KeyringError;
use crate::{
    actors::db::{Db, FindRefreshVersions, PurgeRefreshSecrets, PurgeSessions},
    domain::{Context, KeySet, SessionId, SessionRules, Timestamp},
};

/// The number of sessions that one pass looks at.
const BATCH: i64 = 500;

/// How long ended sessions are kept, with the reason why they ended.
const ENDED_SESSIONS_KEPT: Duration = Duration::from_hours(30 * 24);

/// The progress of purging through the table of sessions.
#[derive(Debug, Clone, Default)]
pub(super) struct PurgeProgress {
    /// The last session that was looked at.
    at: SessionId,
    /// The versions of the refresh secret that were outdated when the first session was looked at and that no
    /// session since has used. A version that becomes outdated later waits for the next round, because some
    /// sessions have already been passed.
    unused: Vec<u8>,
}

impl PurgeProgress {
    /// Purges the next batch and returns the new progress. At the end of the table it deletes the versions of
    /// the refresh secret that no live session uses; the next pass finds them gone.
    pub(super) async fn purge_next(
        mut self,
        db: &Db,
        set: &KeySet,
        rules: &SessionRules,
        token_lifetime: Duration,
        context: &Context,
    ) -> Result<Self, KeyringError> {
        if self.at == SessionId::default() {
            self.unused = outdated(set, rules.refresh_lifetime.max(token_lifetime), context.now);
        }
        let purge = PurgeSessions {
            after: self.at,
            batch: BATCH,
            ended_before: context.now - ENDED_SESSIONS_KEPT,
            replaced_before: context.now - rules.refresh_grace,
        };
        if let Some(last) = db.ask(purge, context).await?.last {
            if !self.unused.is_empty() {
                let in_use = db.ask(FindRefreshVersions { after: self.at, last }, context).await?;
                self.unused.retain(|version| !in_use.contains(version));
            }
            self.at = last;
            return Ok(self);
        }
        if self.unused.is_empty() {
            return Ok(Self::default());
        }
        log::info!("deleting versions of the refresh secret that no live session uses: {:?}", self.unused);
        db.ask(PurgeRefreshSecrets { versions: self.unused }, context).await?;
        Ok(Self::default())
    }
}

/// The versions that were replaced longer ago than any token lives. Their refresh tokens, except those that
/// are still current, have expired, and need not be recognised as stolen any more.
fn outdated(set: &KeySet, lifetime: Duration, now: Timestamp) -> Vec<u8> {
    let secrets = &set.refresh_secrets;
    let successors = secrets.iter().skip(1);
    let pairs = secrets.iter().zip(successors);
    pairs
        .filter(|(_, successor)| successor.used_from + lifetime <= now)
        .map(|(secret, _)| secret.version)
        .collect()
}
