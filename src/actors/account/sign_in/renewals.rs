//! Renewing stored hashes with an outdated form or cost, after the login that found them was answered.
//!
//! A login costs one hash whether the stored one is outdated or not, so its time does not reveal which. The
//! new hash is computed afterwards, one at a time and in the same queue as logins, and is stored if the old
//! one is still there. If it is not stored for any reason, the next login tries again.

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

/// The hashes that are due to be renewed. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Renewals(Arc<Due>);

#[derive(Debug, Default)]
struct Due {
    /// The users whose hash waits or is being computed.
    users: Mutex<HashSet<UserId>>,
    /// The lock of the running renewal; only one runs at a time.
    next: tokio::sync::Mutex<()>,
}

impl Renewals {
    /// The maximum number of waiting renewals: each keeps a password in memory.
    const MAX_DUE: usize = 256;

    /// Renews a hash in a separate task, unless that user's hash is already due or too many are.
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
        // No holder of the lock can panic halfway through a change.
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a user in the set of due renewals, and removes the user when dropped.
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
    // Simultaneous logins found the same hash, which has been replaced by now.
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
