//! Replacing stored hashes whose form or cost is out of date, once the login that met one was answered.
//!
//! A login costs one hash whether its user's is out of date or not, so its time does not tell which. The
//! new hash is computed afterwards, one at a time and in turn with everybody's logins, and stored where
//! the old one still stands. Whatever keeps it from being stored, the next login tries again.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{CheckError, Desk, Failure};
use crate::{
    actors::{
        Handle,
        db::{DbActor, FindCredentials, Login, RenewHash},
        password::{Applicant, Passwords, Rehash},
    },
    domain::UserId,
};

/// The hashes that are about to be renewed; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Renewals(Arc<Due>);

#[derive(Debug, Default)]
struct Due {
    /// Whose hash is waiting or being computed.
    users: Mutex<HashSet<UserId>>,
    /// Held by the one whose turn it is.
    next: tokio::sync::Mutex<()>,
}

impl Renewals {
    /// The most that wait: each keeps a password in memory.
    const MAX_DUE: usize = 256;

    /// Renews a hash in a task of its own, unless the same user's is due already or too many are.
    pub(super) fn begin(&self, desk: &Desk, id: UserId, rehash: Rehash) {
        let Some(place) = self.enlist(id) else { return };
        let (db, passwords) = (desk.db.clone(), desk.passwords.clone());
        actix::spawn(async move {
            let turn = place.due.next.lock().await;
            if let Err(error) = renew(&db, &passwords, id, rehash).await {
                log::debug!("the hash of user {id} is not renewed until the next login: {error}");
            }
            drop(turn);
        });
    }

    fn enlist(&self, id: UserId) -> Option<Place> {
        let mut users = self.0.lock();
        let is_admitted = users.len() < Self::MAX_DUE && users.insert(id);
        is_admitted.then(|| Place { due: Arc::clone(&self.0), id })
    }
}

impl Due {
    fn lock(&self) -> MutexGuard<'_, HashSet<UserId>> {
        // Nobody who holds the lock can panic half-way through a change.
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A user's place among those whose hash is due, given up when dropped.
struct Place {
    due: Arc<Due>,
    id: UserId,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.due.lock().remove(&self.id);
    }
}

async fn renew(
    db: &Handle<DbActor>,
    passwords: &Passwords,
    id: UserId,
    rehash: Rehash,
) -> Result<(), CheckError> {
    let outdated = rehash.outdated().clone();
    // Logins that ran beside the first met the same hash, which is another by now.
    let found = db.ask(FindCredentials { login: Login::Id(id) }).await.map_err(Failure::from)?;
    if found.is_none_or(|credentials| credentials.password_hash != outdated) {
        return Ok(());
    }
    let turn = passwords.turn(Applicant::renewal()).await?;
    let (renewed, turn) = passwords.ask(turn, rehash).await?;
    drop(turn);
    db.ask(RenewHash { id, outdated, renewed }).await.map_err(Failure::from)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_one_place_and_there_is_room_for_so_many() {
        let renewals = Renewals::default();
        let first = renewals.enlist(UserId(1));

        assert!(first.is_some() && renewals.enlist(UserId(1)).is_none());

        drop(first);
        let ids = 1..=i64::try_from(Renewals::MAX_DUE).unwrap();
        let everybody: Vec<_> = ids.map(|id| renewals.enlist(UserId(id))).collect();
        assert!(everybody.iter().all(Option::is_some));
        assert!(renewals.enlist(UserId(0)).is_none());

        drop(everybody);
        assert!(renewals.enlist(UserId(0)).is_some());
    }
}
