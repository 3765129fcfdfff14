//! Counts failed attempts, and decides by the counts whether another attempt may begin.

use std::{collections::HashMap, time::Duration};

use super::{
    key::{Attempt, CounterKey, Registrant},
    table::{CountTable, Table},
};
use crate::domain::{Allowance, Delays, MonotonicTime, Rate};

/// The count of a name from one network. Everyone may fail five times.
const NAME_AND_NETWORK: Delays = Delays {
    free: 5,
    first: Duration::from_secs(1),
    longest: Duration::from_mins(15),
    memory: Duration::from_hours(1),
};

/// The count of a name over all networks. It binds networks from which the account has never logged in. An
/// account has two names, so this allows 100 failures in a row (NIST SP 800-63B, 5.2.2), and 48 a day after
/// that.
const NAME: Rate = Rate { burst: 50, interval: Duration::from_hours(1) };

/// The count of an address over all names. It binds accounts that have never logged in from its network.
const ADDRESS: Rate = Rate { burst: 100, interval: Duration::from_secs(10) };

/// The count of a site over all names. It binds the same accounts. Ten addresses at their limit are needed to
/// reach it.
const SITE: Rate = Rate { burst: 1_000, interval: Duration::from_secs(1) };

/// The count of a network's registrations, whatever their result.
const REGISTRATIONS: Rate = Rate { burst: 100, interval: Duration::from_mins(1) };

/// The count of a site's registrations.
const REGISTRATIONS_OF_SITE: Rate = Rate { burst: 1_000, interval: Duration::from_secs(6) };

/// An attempt that has not been settled for this long is abandoned and no longer counts as pending.
const ABANDONED_AFTER: Duration = Duration::from_mins(10);

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The password was right. The failures of the name from its network, and over all networks, are
    /// forgotten.
    Success,
    /// The password was wrong.
    Failure,
    /// The password was not checked. The attempt does not count.
    NotLookedAt,
}

/// Whether an attempt may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttemptDecision {
    Allow,
    /// Not until pending attempts are settled. The full count is given.
    Wait(Count),
    Throttled(Duration),
    /// Throttled, unless the account has logged in from this network before.
    StrangersThrottled(Duration),
}

/// One of the counts that an attempt is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Count {
    limit: Limit,
    key: CounterKey,
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
pub(super) struct FailureCounts {
    pairs: Table<Delays>,
    everywhere: Table<Rate>,
    addresses: Table<Rate>,
    sites: Table<Rate>,
    registrations: Table<Rate>,
    registrations_of_sites: Table<Rate>,
    pending: HashMap<AttemptId, (Attempt, MonotonicTime)>,
    begun: u64,
}

impl Default for FailureCounts {
    fn default() -> Self {
        Self {
            pairs: Table::new(NAME_AND_NETWORK),
            everywhere: Table::new(NAME),
            addresses: Table::new(ADDRESS),
            sites: Table::new(SITE),
            registrations: Table::new(REGISTRATIONS),
            registrations_of_sites: Table::new(REGISTRATIONS_OF_SITE),
            pending: HashMap::new(),
            begun: 0,
        }
    }
}

impl FailureCounts {
    /// Decides whether an attempt may begin now.
    pub(super) fn judge(&self, attempt: &Attempt, now: MonotonicTime) -> AttemptDecision {
        let pair = Count { limit: Limit::Pair, key: attempt.pair };
        match self.allowance(pair, now) {
            Allowance::Throttled(delay) => return AttemptDecision::Throttled(delay),
            Allowance::Attempts(0) if attempt.familiar => return AttemptDecision::Wait(pair),
            Allowance::Attempts(_) if attempt.familiar => return AttemptDecision::Allow,
            Allowance::Attempts(_) => {}
        }
        let delays = attempt.counts().filter_map(|count| match self.allowance(count, now) {
            Allowance::Throttled(delay) => Some(delay),
            Allowance::Attempts(_) => None,
        });
        if let Some(delay) = delays.max() {
            return AttemptDecision::StrangersThrottled(delay);
        }
        let full = attempt.counts().find(|count| self.allowance(*count, now) == Allowance::Attempts(0));
        full.map_or(AttemptDecision::Allow, AttemptDecision::Wait)
    }

    /// What one count allows.
    pub(super) fn allowance(&self, count: Count, now: MonotonicTime) -> Allowance {
        let table: &dyn CountTable = match count.limit {
            Limit::Pair => &self.pairs,
            Limit::Everywhere => &self.everywhere,
            Limit::Address => &self.addresses,
            Limit::Site => &self.sites,
        };
        table.allowance(count.key, now)
    }

    fn table(&mut self, limit: Limit) -> &mut dyn CountTable {
        match limit {
            Limit::Pair => &mut self.pairs,
            Limit::Everywhere => &mut self.everywhere,
            Limit::Address => &mut self.addresses,
            Limit::Site => &mut self.sites,
        }
    }

    /// Begins an attempt that [`Ledger::judge`] allowed.
    pub(super) fn begin(&mut self, attempt: Attempt, now: MonotonicTime) -> AttemptId {
        for count in attempt.counts() {
            self.table(count.limit).begin(count.key);
        }
        self.begun += 1;
        let id = AttemptId(self.begun);
        self.pending.insert(id, (attempt, now));
        id
    }

    /// Settles an attempt. One that was considered abandoned still counts.
    pub(super) fn settle(
        &mut self,
        id: AttemptId,
        attempt: &Attempt,
        outcome: AttemptOutcome,
        now: MonotonicTime,
    ) {
        match outcome {
            AttemptOutcome::Success => {
                self.pairs.forgive(attempt.pair, now);
                self.everywhere.forgive(attempt.everywhere, now);
            }
            AttemptOutcome::Failure => {
                for count in attempt.counts() {
                    self.table(count.limit).fail(count.key, now);
                }
            }
            AttemptOutcome::NotLookedAt => {}
        }
        if self.pending.remove(&id).is_some() {
            self.end(attempt, now);
        }
    }

    fn end(&mut self, attempt: &Attempt, now: MonotonicTime) {
        for count in attempt.counts() {
            self.table(count.limit).end(count.key, now);
        }
    }

    /// Counts a registration, whatever its result. Returns how long to wait if it may not be tried.
    pub(super) fn count_registration(
        &mut self,
        registrant: &Registrant,
        now: MonotonicTime,
    ) -> Result<(), Duration> {
        let allowances = [
            self.registrations.allowance(registrant.network, now),
            self.registrations_of_sites.allowance(registrant.site, now),
        ];
        let delays = allowances.into_iter().filter_map(|allowance| match allowance {
            Allowance::Throttled(delay) => Some(delay),
            Allowance::Attempts(_) => None,
        });
        if let Some(delay) = delays.max() {
            return Err(delay);
        }
        self.registrations.fail(registrant.network, now);
        self.registrations_of_sites.fail(registrant.site, now);
        Ok(())
    }

    /// Drops outdated entries, and gives up abandoned attempts, which it returns.
    pub(super) fn forget_old(&mut self, now: MonotonicTime) -> Vec<Attempt> {
        let is_lost = |begun_at| now.since(begun_at) >= ABANDONED_AFTER;
        let lost = self.pending.extract_if(|_, (_, begun_at)| is_lost(*begun_at));
        let lost: Vec<Attempt> = lost.map(|(_, (attempt, _))| attempt).collect();
        for attempt in &lost {
            self.end(attempt, now);
        }
        for table in self.tables() {
            table.forget_old(now);
        }
        lost
    }

    fn tables(&mut self) -> [&mut dyn CountTable; 6] {
        [
            &mut self.pairs,
            &mut self.everywhere,
            &mut self.addresses,
            &mut self.sites,
            &mut self.registrations,
            &mut self.registrations_of_sites,
        ]
    }

    /// The number of entries in all counts.
    pub(super) fn entries(&mut self) -> usize {
        self.tables().into_iter().map(|table| table.len()).sum()
    }

    /// The number of attempts that have begun and are not settled.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }
}

impl Attempt {
    /// All counts that the attempt is part of.
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
