//! Entries by key, in bounded memory.

use std::collections::HashMap;

use super::key::CounterKey;
use crate::domain::{Allowance, MonotonicTime, Rule};

/// The maximum number of keys in one table.
pub(super) const MAX_ENTRIES: usize = 100_000;

/// The operations of a table, for any rule.
pub(super) trait CountTable {
    /// Whether further attempts may begin.
    fn allowance(&self, key: CounterKey, now: MonotonicTime) -> Allowance;

    /// Counts an attempt that begins as a failure, until it ends.
    fn begin(&mut self, key: CounterKey);

    /// Ends a pending attempt.
    fn end(&mut self, key: CounterKey, now: MonotonicTime);

    /// Counts a failure.
    fn fail(&mut self, key: CounterKey, now: MonotonicTime);

    /// Forgets the failures, but not the pending attempts.
    fn forgive(&mut self, key: CounterKey, now: MonotonicTime);

    /// Drops outdated entries.
    fn forget_old(&mut self, now: MonotonicTime);

    /// The number of keys.
    fn len(&self) -> usize;
}

/// A rule, and its state for each key.
#[derive(Debug)]
pub(super) struct Table<R: Rule> {
    rule: R,
    entries: HashMap<CounterKey, Entry<R::History>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry<H> {
    history: H,
    /// The number of attempts that have begun and are not settled.
    pending: u32,
}

impl<R: Rule> CountTable for Table<R> {
    fn allowance(&self, key: CounterKey, now: MonotonicTime) -> Allowance {
        let Entry { history, pending } = self.entries.get(&key).copied().unwrap_or_default();
        self.rule.allowance(history, pending, now)
    }

    fn begin(&mut self, key: CounterKey) {
        self.entries.entry(key).or_default().pending += 1;
    }

    fn end(&mut self, key: CounterKey, now: MonotonicTime) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.pending = entry.pending.saturating_sub(1);
            self.forget_if_old(key, now);
        }
    }

    fn fail(&mut self, key: CounterKey, now: MonotonicTime) {
        let entry = self.entries.entry(key).or_default();
        entry.history = self.rule.after_failure(entry.history, now);
        if self.entries.len() > MAX_ENTRIES {
            self.forget_half();
        }
    }

    fn forgive(&mut self, key: CounterKey, now: MonotonicTime) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.history = R::History::default();
            self.forget_if_old(key, now);
        }
    }

    fn forget_old(&mut self, now: MonotonicTime) {
        let rule = &self.rule;
        self.entries.retain(|_, entry| entry.pending > 0 || rule.forgotten_at(entry.history) > now);
    }

    fn len(&self) -> usize {
        self.entries.len()
    }
}

impl<R: Rule> Table<R> {
    pub(super) fn new(rule: R) -> Self {
        Self { rule, entries: HashMap::new() }
    }

    fn forget_if_old(&mut self, key: CounterKey, now: MonotonicTime) {
        let is_old =
            |entry: &Entry<R::History>| entry.pending == 0 && self.rule.forgotten_at(entry.history) <= now;
        if self.entries.get(&key).is_some_and(is_old) {
            self.entries.remove(&key);
        }
    }

    /// Makes room by dropping the half of the entries that would be forgotten sooner, except those with
    /// pending attempts. It is rare, so its cost is spread over as many failures.
    fn forget_half(&mut self) {
        let rule = &self.rule;
        let mut times: Vec<_> = self.entries.values().map(|entry| rule.forgotten_at(entry.history)).collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        self.entries.retain(|_, entry| entry.pending > 0 || rule.forgotten_at(entry.history) > median);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{Delays, Rate};

    fn at(seconds: usize) -> MonotonicTime {
        MonotonicTime::default() + Duration::from_secs(u64::try_from(seconds).unwrap())
    }

    /// A table that is full, plus one key, all of which failed, a thousand each second.
    fn full<R: Rule>(rule: R, first: impl FnOnce(&mut Table<R>)) -> Table<R> {
        let mut table = Table::new(rule);
        first(&mut table);
        for number in 0..=MAX_ENTRIES {
            table.fail(CounterKey::numbered(number), at(number / 1_000));
        }
        table
    }

    #[test]
    fn memory_is_bounded_and_given_back_and_the_latest_failures_are_kept() {
        let rule = Delays {
            free: 5,
            first: Duration::from_secs(1),
            longest: Duration::from_mins(15),
            memory: Duration::from_hours(1),
        };
        let pending = CounterKey::numbered(MAX_ENTRIES * 2);

        let mut table = full(rule, |table| table.begin(pending));

        assert!((MAX_ENTRIES / 3..MAX_ENTRIES).contains(&table.len()));
        let now = at(MAX_ENTRIES / 1_000);
        assert_eq!(table.allowance(CounterKey::numbered(MAX_ENTRIES), now), Allowance::Attempts(4));
        assert_eq!(table.allowance(pending, now), Allowance::Attempts(4));
        table.end(pending, now);
        table.forget_old(at(10_000));
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn whoever_is_deepest_in_debt_is_not_forgotten_for_others_with_one_failure_each() {
        let rule = Rate { burst: 100, interval: Duration::from_secs(10) };
        let sprayer = CounterKey::numbered(MAX_ENTRIES * 2);

        let table = full(rule, |table| (0..100).for_each(|_| table.fail(sprayer, at(0))));

        assert!(table.len() <= MAX_ENTRIES);
        assert!(matches!(table.allowance(sprayer, at(5)), Allowance::Throttled(_)));
    }
}
