//! The failures that are remembered, and what follows from them.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use crate::domain::Timestamp;

/// So many wrong passwords for one account from one network are anybody's right.
const FREE_FAILURES: u32 = 5;

/// The delay after the last free failure; each further one doubles it.
const FIRST_DELAY: Duration = Duration::from_secs(1);

/// The longest delay.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// An account's failures are forgotten so long after the last.
const MEMORY: Duration = Duration::from_hours(1);

/// So many failures an address may have over all accounts at once…
const SPRAY_BURST: u32 = 100;

/// …and one more each time this has passed.
const SPRAY_INTERVAL: Duration = Duration::from_secs(10);

/// The most accounts and addresses that are remembered; the oldest failures are forgotten first.
const MOST_ENTRIES: usize = 100_000;

/// An account as one network tries it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Suspect {
    account: String,
    /// IPv4: the first 24 bits. IPv6: the first 64.
    network: Option<IpAddr>,
    /// IPv4: the address. IPv6: the first 64 bits.
    address: Option<IpAddr>,
}

impl Suspect {
    /// Whoever tries this account from this address.
    #[must_use]
    pub fn new(account: &str, ip: Option<IpAddr>) -> Self {
        let ip = ip.map(|ip| ip.to_canonical());
        Self {
            account: account.to_owned(),
            network: ip.map(|ip| cut(ip, 24)),
            address: ip.map(|ip| cut(ip, 32)),
        }
    }
}

fn cut(ip: IpAddr, v4_bits: u32) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & (u32::MAX << (32 - v4_bits)))),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
    }
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The right password: the account's failures from that network are forgotten.
    Success,
    /// A wrong one.
    Failure,
    /// The attempt was given up before anybody knew.
    Unknown,
}

/// What the ledger says of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Go,
    /// Attempts that are under way must be settled first.
    Wait,
    Throttled(Duration),
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    accounts: HashMap<(String, Option<IpAddr>), Account>,
    addresses: HashMap<Option<IpAddr>, Address>,
}

#[derive(Debug, Default)]
struct Account {
    failures: u32,
    last_failure: Option<Timestamp>,
    pending: u32,
}

#[derive(Debug, Default)]
struct Address {
    /// When all of its failures will have been worked off, one per interval.
    clear_at: Option<Timestamp>,
    pending: u32,
}

impl Ledger {
    /// What would be said of an attempt now.
    pub(super) fn judge(&self, suspect: &Suspect, now: Timestamp) -> Decision {
        let account =
            self.accounts.get(&account_key(suspect)).map_or(Decision::Go, |account| account.judge(now));
        let address = self.addresses.get(&suspect.address).map_or(Decision::Go, |address| address.judge(now));
        match (account, address) {
            (Decision::Throttled(one), Decision::Throttled(other)) => Decision::Throttled(one.max(other)),
            (throttled @ Decision::Throttled(_), _) | (_, throttled @ Decision::Throttled(_)) => throttled,
            (Decision::Wait, _) | (_, Decision::Wait) => Decision::Wait,
            (Decision::Go, Decision::Go) => Decision::Go,
        }
    }

    /// Begins an attempt, where that is allowed.
    pub(super) fn begin(&mut self, suspect: &Suspect, now: Timestamp) -> Decision {
        let decision = self.judge(suspect, now);
        if decision == Decision::Go {
            self.accounts.entry(account_key(suspect)).or_default().pending += 1;
            self.addresses.entry(suspect.address).or_default().pending += 1;
        }
        decision
    }

    /// Ends an attempt that was begun.
    pub(super) fn settle(&mut self, suspect: &Suspect, outcome: Outcome, now: Timestamp) {
        let key = account_key(suspect);
        let account = self.accounts.entry(key.clone()).or_default();
        account.pending = account.pending.saturating_sub(1);
        let address = self.addresses.entry(suspect.address).or_default();
        address.pending = address.pending.saturating_sub(1);
        match outcome {
            Outcome::Success => account.failures = 0,
            Outcome::Failure => {
                account.failures = account.remembered(now).saturating_add(1);
                account.last_failure = Some(now);
                address.clear_at = Some(address.clear_at.map_or(now, |at| at.max(now)) + SPRAY_INTERVAL);
            }
            Outcome::Unknown => {}
        }
        if account.is_forgettable(now) {
            self.accounts.remove(&key);
        }
        if address.is_forgettable(now) {
            self.addresses.remove(&suspect.address);
        }
        if self.accounts.len() > MOST_ENTRIES {
            forget_older_half(&mut self.accounts, |account| (account.pending, account.last_failure));
        }
        if self.addresses.len() > MOST_ENTRIES {
            forget_older_half(&mut self.addresses, |address| (address.pending, address.clear_at));
        }
    }

    /// Drops what no longer matters.
    pub(super) fn forget_old(&mut self, now: Timestamp) {
        self.accounts.retain(|_, account| !account.is_forgettable(now));
        self.addresses.retain(|_, address| !address.is_forgettable(now));
    }
}

/// Makes room by forgetting the half whose time is earlier, but for those with attempts under way;
/// rare, so its cost is spread over as many failures.
fn forget_older_half<K: Eq + Hash, V>(
    entries: &mut HashMap<K, V>,
    pending_and_time: impl Fn(&V) -> (u32, Option<Timestamp>),
) {
    let mut times: Vec<_> = entries.values().filter_map(|entry| pending_and_time(entry).1).collect();
    let middle = times.len() / 2;
    if middle < times.len() {
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        entries.retain(|_, entry| {
            let (pending, time) = pending_and_time(entry);
            pending > 0 || time.is_some_and(|time| time > median)
        });
    }
}

fn account_key(suspect: &Suspect) -> (String, Option<IpAddr>) {
    (suspect.account.clone(), suspect.network)
}

impl Account {
    fn remembered(&self, now: Timestamp) -> u32 {
        let is_fresh = self.last_failure.is_some_and(|at| now.since(at) < MEMORY);
        if is_fresh { self.failures } else { 0 }
    }

    fn judge(&self, now: Timestamp) -> Decision {
        let failures = self.remembered(now);
        if let (Some(beyond), Some(last)) = (failures.checked_sub(FREE_FAILURES), self.last_failure) {
            let delay = FIRST_DELAY.saturating_mul(1 << beyond.min(16)).min(LONGEST_DELAY);
            let elapsed = now.since(last);
            if elapsed < delay {
                return Decision::Throttled(delay.saturating_sub(elapsed));
            }
            // After a delay one attempt is allowed, not as many as come at once.
            return if self.pending == 0 { Decision::Go } else { Decision::Wait };
        }
        if failures + self.pending < FREE_FAILURES { Decision::Go } else { Decision::Wait }
    }

    fn is_forgettable(&self, now: Timestamp) -> bool {
        self.pending == 0 && self.remembered(now) == 0
    }
}

impl Address {
    fn judge(&self, now: Timestamp) -> Decision {
        let debt = self.clear_at.map_or(Duration::ZERO, |at| at.since(now));
        let allowed = SPRAY_INTERVAL * SPRAY_BURST;
        if debt >= allowed {
            return Decision::Throttled(debt.saturating_sub(allowed) + Duration::from_millis(1));
        }
        if debt + SPRAY_INTERVAL * self.pending < allowed { Decision::Go } else { Decision::Wait }
    }

    fn is_forgettable(&self, now: Timestamp) -> bool {
        self.pending == 0 && self.clear_at.is_none_or(|at| at <= now)
    }
}

#[cfg(test)]
mod tests;
