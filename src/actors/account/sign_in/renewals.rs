//! Replacing stored hashes whose form or cost is out of date, once the login that met one was answered.
//!
//! A login costs one hash whether its user's is out of date or not, so its time does not tell which. The
//! new hash is computed afterwards, one at a time and in the same queue as logins, and stored where
//! the old one still stands. Whatever keeps it from being stored, the next login tries again.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    actors::{
        account::{ActorError, CheckError},
        db::{Db, FindCredentials, LoginIdentifier, RenewHash},
        password::{FlowKey, Passwords, Rehash},
    },
    domain::{Context, UserId},
};

/// The hashes that are about to be renewed; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Renewals(Arc<Due>);

#[derive(Debug, Default)]
struct Due {
    /// Whose hash is waiting or being computed.
    users: Mutex<HashSet<UserId>>,
    /// Held by the renewal that runs; one runs at a time.
    next: tokio::sync::Mutex<()>,
}

impl Renewals {
    /// The most that wait: each keeps a password in memory.
    const MAX_DUE: usize = 256;

    /// Renews a hash in a task of its own, unless the same user's is due already or too many are.
    pub(super) fn begin(&self, db: &Db, passwords: &Passwords, id: UserId, rehash: Rehash, context: Context) {
        let Some(pending) = self.reserve(id) else { return };
        let (db, passwords) = (db.clone(), passwords.clone());
        actix::spawn(async move {
            let running = pending.due.next.lock().await;
            if let Err(error) = renew(&db, &passwords, id, rehash, &context).await {
                log::debug!(request_id:% = context.origin.request_id; "the hash of user {id} is not renewed until the next login: {error}");
            }
            drop(running);
        });
    }

    fn reserve(&self, id: UserId) -> Option<PendingRenewal> {
        let mut users = self.0.lock();
        let is_admitted = users.len() < Self::MAX_DUE && users.insert(id);
        is_admitted.then(|| PendingRenewal { due: Arc::clone(&self.0), id })
    }
}

impl Due {
    fn lock(&self) -> MutexGuard<'_, HashSet<UserId>> {
        // Nobody who holds the lock can panic half-way through a change.
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a user in the set of those whose hash is due; dropping it removes the user.
struct PendingRenewal {
    due: Arc<Due>,
    id: UserId,
}

impl Drop for PendingRenewal {
    fn drop(&mut self) {
        self.due.lock().remove(&self.id);
    }
}

async fn renew(
    db: &Db,
    passwords: &Passwords,
    id: UserId,
    rehash: Rehash,
    context: &Context,
) -> Result<(), CheckError> {
    let outdated = rehash.outdated().clone();
    // Logins that ran beside the first met the same hash, which is another by now.
    let find = FindCredentials { identifier: LoginIdentifier::Id(id) };
    let found = db.ask(find, context).await.map_err(ActorError::from)?;
    if found.is_none_or(|credentials| credentials.password_hash != outdated) {
        return Ok(());
    }
    let slot = passwords.slot(FlowKey::renewal()).await?;
    let (renewed, slot) = passwords.ask(slot, rehash).await?;
    drop(slot);
    db.ask(RenewHash { id, outdated, renewed }, context).await.map_err(ActorError::from)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_one_place_and_there_is_room_for_so_many() {
        let renewals = Renewals::default();
        let first = renewals.reserve(UserId(1));

        assert!(first.is_some() && renewals.reserve(UserId(1)).is_none());

        drop(first);
        let ids = 1..=i64::try_from(Renewals::MAX_DUE).unwrap();
        let everybody: Vec<_> = ids.map(|id| renewals.reserve(UserId(id))).collect();
        assert!(everybody.iter().all(Option::is_some));
        assert!(renewals.reserve(UserId(0)).is_none());

        drop(everybody);
        assert!(renewals.reserve(UserId(0)).is_some());
    }
}
