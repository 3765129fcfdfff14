//! What is remembered of attempts, and what follows from it for the next.

use std::{collections::HashMap, time::Duration};

use super::{
    key::{Attempt, Key, Registrant},
    table::{Counting, Table},
};
use crate::domain::{Delays, MonotonicTime, Rate, Room};

/// A name from one network. Five failures are anybody's right.
const PAIR: Delays = Delays {
    free: 5,
    first: Duration::from_secs(1),
    longest: Duration::from_mins(15),
    memory: Duration::from_hours(1),
};

/// A name from all networks together; it binds those from which the account has never logged in.
/// An account has two names, so this is 100 in a row (NIST SP 800-63B, 5.2.2), and 48 a day after.
const EVERYWHERE: Rate = Rate { burst: 50, interval: Duration::from_hours(1) };

/// An address over all names; it binds accounts that have never logged in from its network.
const ADDRESS: Rate = Rate { burst: 100, interval: Duration::from_secs(10) };

/// A site over all names; as above. Ten addresses at their limit are needed to reach it.
const SITE: Rate = Rate { burst: 1_000, interval: Duration::from_secs(1) };

/// A network's registrations, whatever came of them.
const REGISTRATIONS: Rate = Rate { burst: 100, interval: Duration::from_mins(1) };

/// A site's registrations.
const REGISTRATIONS_OF_SITE: Rate = Rate { burst: 1_000, interval: Duration::from_secs(6) };

/// No attempt is under way for so long: one that is was lost, and no longer holds up others.
const LOST_AFTER: Duration = Duration::from_mins(10);

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The right password: the failures of that name from that network, and those of that name over
    /// all networks, are forgotten.
    Success,
    /// A wrong one.
    Failure,
    /// Nobody looked at the password: it counts as nothing.
    NotLookedAt,
}

/// What the ledger says of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Go,
    /// Attempts that are under way must be settled first; it is told by which count.
    Wait(Count),
    Throttled(Duration),
    /// Throttled, unless the account has logged in from this network before.
    StrangersThrottled(Duration),
}

/// One of the counts that an attempt is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Count {
    limit: Limit,
    key: Key,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Limit {
    Pair,
    Everywhere,
    Address,
    Site,
}

/// An attempt that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AttemptId(u64);

#[derive(Debug)]
pub(super) struct Ledger {
    pairs: Table<Delays>,
    everywhere: Table<Rate>,
    addresses: Table<Rate>,
    sites: Table<Rate>,
    registrations: Table<Rate>,
    registrations_of_sites: Table<Rate>,
    under_way: HashMap<AttemptId, (Attempt, MonotonicTime)>,
    begun: u64,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            pairs: Table::new(PAIR),
            everywhere: Table::new(EVERYWHERE),
            addresses: Table::new(ADDRESS),
            sites: Table::new(SITE),
            registrations: Table::new(REGISTRATIONS),
            registrations_of_sites: Table::new(REGISTRATIONS_OF_SITE),
            under_way: HashMap::new(),
            begun: 0,
        }
    }
}

impl Ledger {
    /// What would be said of an attempt now.
    pub(super) fn judge(&self, attempt: &Attempt, now: MonotonicTime) -> Decision {
        let pair = Count { limit: Limit::Pair, key: attempt.pair };
        match self.room(pair, now) {
            Room::Throttled(delay) => return Decision::Throttled(delay),
            Room::For(0) if attempt.familiar => return Decision::Wait(pair),
            Room::For(_) if attempt.familiar => return Decision::Go,
            Room::For(_) => {}
        }
        let delays = attempt.counts().filter_map(|count| match self.room(count, now) {
            Room::Throttled(delay) => Some(delay),
            Room::For(_) => None,
        });
        if let Some(delay) = delays.max() {
            return Decision::StrangersThrottled(delay);
        }
        let full = attempt.counts().find(|count| self.room(*count, now) == Room::For(0));
        full.map_or(Decision::Go, Decision::Wait)
    }

    /// Whether further attempts may begin, as far as one count says.
    pub(super) fn room(&self, count: Count, now: MonotonicTime) -> Room {
        let table: &dyn Counting = match count.limit {
            Limit::Pair => &self.pairs,
            Limit::Everywhere => &self.everywhere,
            Limit::Address => &self.addresses,
            Limit::Site => &self.sites,
        };
        table.room(count.key, now)
    }

    fn table(&mut self, limit: Limit) -> &mut dyn Counting {
        match limit {
            Limit::Pair => &mut self.pairs,
            Limit::Everywhere => &mut self.everywhere,
            Limit::Address => &mut self.addresses,
            Limit::Site => &mut self.sites,
        }
    }

    /// Begins an attempt that [`Ledger::judge`] lets go.
    pub(super) fn begin(&mut self, attempt: Attempt, now: MonotonicTime) -> AttemptId {
        for count in attempt.counts() {
            self.table(count.limit).begin(count.key);
        }
        self.begun += 1;
        let id = AttemptId(self.begun);
        self.under_way.insert(id, (attempt, now));
        id
    }

    /// Ends an attempt that was begun. One that was taken for lost counts all the same.
    pub(super) fn settle(&mut self, id: AttemptId, attempt: &Attempt, outcome: Outcome, now: MonotonicTime) {
        match outcome {
            Outcome::Success => {
                self.pairs.forgive(attempt.pair, now);
                self.everywhere.forgive(attempt.everywhere, now);
            }
            Outcome::Failure => {
                for count in attempt.counts() {
                    self.table(count.limit).fail(count.key, now);
                }
            }
            Outcome::NotLookedAt => {}
        }
        if self.under_way.remove(&id).is_some() {
            self.end(attempt, now);
        }
    }

    fn end(&mut self, attempt: &Attempt, now: MonotonicTime) {
        for count in attempt.counts() {
            self.table(count.limit).end(count.key, now);
        }
    }

    /// Counts a registration, whatever will come of it; how long to wait where it may not be tried.
    pub(super) fn count_registration(
        &mut self,
        registrant: &Registrant,
        now: MonotonicTime,
    ) -> Result<(), Duration> {
        let rooms = [
            self.registrations.room(registrant.network, now),
            self.registrations_of_sites.room(registrant.site, now),
        ];
        let delays = rooms.into_iter().filter_map(|room| match room {
            Room::Throttled(delay) => Some(delay),
            Room::For(_) => None,
        });
        if let Some(delay) = delays.max() {
            return Err(delay);
        }
        self.registrations.fail(registrant.network, now);
        self.registrations_of_sites.fail(registrant.site, now);
        Ok(())
    }

    /// Drops what no longer matters, and gives up attempts that were lost, which it returns.
    pub(super) fn forget_old(&mut self, now: MonotonicTime) -> Vec<Attempt> {
        let is_lost = |begun_at| now.since(begun_at) >= LOST_AFTER;
        let lost = self.under_way.extract_if(|_, (_, begun_at)| is_lost(*begun_at));
        let lost: Vec<Attempt> = lost.map(|(_, (attempt, _))| attempt).collect();
        for attempt in &lost {
            self.end(attempt, now);
        }
        for table in self.tables() {
            table.forget_old(now);
        }
        lost
    }

    fn tables(&mut self) -> [&mut dyn Counting; 6] {
        [
            &mut self.pairs,
            &mut self.everywhere,
            &mut self.addresses,
            &mut self.sites,
            &mut self.registrations,
            &mut self.registrations_of_sites,
        ]
    }

    /// How many histories are remembered.
    pub(super) fn entries(&mut self) -> usize {
        self.tables().into_iter().map(|table| table.len()).sum()
    }

    /// How many attempts have begun and are not settled.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }
}

impl Attempt {
    /// All that it counts for.
    pub(super) fn counts(&self) -> impl Iterator<Item = Count> + use<> {
        let origin = self.origin;
        [(Limit::Pair, self.pair), (Limit::Everywhere, self.everywhere)]
            .into_iter()
            .chain(origin.map(|origin| (Limit::Address, origin.address)))
            .chain(origin.map(|origin| (Limit::Site, origin.site)))
            .map(|(limit, key)| Count { limit, key })
    }
}

#[cfg(test)]
mod tests;
