//! The rules by which failures delay further attempts. They keep no state.

use std::time::Duration;

use super::MonotonicTime;

/// What a count allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// This many more attempts may begin now. If zero, a pending attempt must be settled first.
    Attempts(u32),
    /// No attempt may begin before this time has passed.
    Throttled(Duration),
}

/// A rule that decides by earlier failures whether attempts are allowed.
pub trait Rule {
    /// The state that the rule needs for a key.
    type History: Copy + Default;

    /// Whether another attempt may begin beside the pending ones, each of which counts as a failure until it
    /// is settled.
    fn allowance(&self, history: Self::History, pending: u32, now: MonotonicTime) -> Allowance;

    /// The history after one more failure.
    #[must_use]
    fn after_failure(&self, history: Self::History, now: MonotonicTime) -> Self::History;

    /// The time from which the history is irrelevant.
    fn forgotten_at(&self, history: Self::History) -> MonotonicTime;
}

/// Some failures are free. After that each costs a delay, twice as long as the one before.
#[derive(Debug, Clone, Copy)]
pub struct Delays {
    /// The number of free failures.
    pub free: u32,
    /// The delay after the last free failure.
    pub first: Duration,
    /// The longest delay.
    pub longest: Duration,
    /// All failures are forgotten this long after the last one.
    pub memory: Duration,
}

/// The history that [`Delays`] needs.
#[derive(Debug, Clone, Copy, Default)]
pub struct FailureHistory {
    count: u32,
    /// Without a failure, this has no meaning.
    last: MonotonicTime,
}

impl Delays {
    fn remembered(&self, failures: FailureHistory, now: MonotonicTime) -> u32 {
        if self.forgotten_at(failures) > now { failures.count } else { 0 }
    }
}

impl Rule for Delays {
    type History = FailureHistory;

    fn allowance(&self, failures: FailureHistory, pending: u32, now: MonotonicTime) -> Allowance {
        let count = self.remembered(failures, now);
        let Some(beyond) = count.checked_sub(self.free) else {
            return Allowance::Attempts((self.free - count).saturating_sub(pending));
        };
        let delay = self.first.saturating_mul(1 << beyond.min(16)).min(self.longest);
        let elapsed = now.since(failures.last);
        if elapsed < delay {
            Allowance::Throttled(delay.saturating_sub(elapsed))
        } else {
            // After a delay one attempt is allowed, not as many as arrive at once.
            Allowance::Attempts(1_u32.saturating_sub(pending))
        }
    }

    fn after_failure(&self, failures: FailureHistory, now: MonotonicTime) -> FailureHistory {
        FailureHistory { count: self.remembered(failures, now).saturating_add(1), last: now }
    }

    fn forgotten_at(&self, failures: FailureHistory) -> MonotonicTime {
        if failures.count == 0 { MonotonicTime::default() } else { failures.last + self.memory }
    }
}

/// Allows `burst` failures at once, and one more for each interval that has passed: the generic cell rate
/// algorithm (ITU-T I.371).
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// The number of failures that may occur at once; at least one.
    pub burst: u32,
    /// The time until one more failure is allowed.
    pub interval: Duration,
}

/// The history that [`Rate`] needs: when all failures will have been worked off, one per interval.
#[derive(Debug, Clone, Copy, Default)]
pub struct Debt {
    clear_at: MonotonicTime,
}

impl Rule for Rate {
    type History = Debt;

    fn allowance(&self, debt: Debt, pending: u32, now: MonotonicTime) -> Allowance {
        let owed = debt.clear_at.since(now);
        let last_free = self.interval.saturating_mul(self.burst.saturating_sub(1));
        if owed > last_free {
            return Allowance::Throttled(owed.saturating_sub(last_free));
        }
        let failures = owed.as_millis().div_ceil(self.interval.as_millis().max(1));
        let failures = u32::try_from(failures).unwrap_or(u32::MAX);
        Allowance::Attempts(self.burst.saturating_sub(failures).saturating_sub(pending))
    }

    /// The debt never exceeds the burst, so failures that another limit let through do not prolong it: one
    /// more is always allowed within an interval after the last failure.
    fn after_failure(&self, debt: Debt, now: MonotonicTime) -> Debt {
        let most = now + self.interval.saturating_mul(self.burst);
        Debt { clear_at: (debt.clear_at.max(now) + self.interval).min(most) }
    }

    fn forgotten_at(&self, debt: Debt) -> MonotonicTime {
        debt.clear_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAYS: Delays = Delays {
        free: 5,
        first: Duration::from_secs(1),
        longest: Duration::from_mins(15),
        memory: Duration::from_hours(1),
    };

    const RATE: Rate = Rate { burst: 100, interval: Duration::from_secs(10) };

    fn at(seconds: u64) -> MonotonicTime {
        MonotonicTime::default() + Duration::from_secs(seconds)
    }

    fn after<R: Rule>(rule: &R, failures: u32, now: MonotonicTime) -> R::History {
        (0..failures).fold(R::History::default(), |history, _| rule.after_failure(history, now))
    }

    #[test]
    fn the_delay_doubles_after_the_free_failures_up_to_the_longest() {
        let mut now = at(0);
        let mut failures = after(&DELAYS, 5, now);

        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900] {
            let delay = Duration::from_secs(expected);
            assert_eq!(DELAYS.allowance(failures, 0, now), Allowance::Throttled(delay));
            now = now + delay;
            assert_eq!(DELAYS.allowance(failures, 0, now), Allowance::Attempts(1));
            assert_eq!(DELAYS.allowance(failures, 1, now), Allowance::Attempts(0));
            failures = DELAYS.after_failure(failures, now);
        }
    }

    #[test]
    fn an_hour_without_a_failure_forgets_all() {
        let failures = after(&DELAYS, 20, at(0));

        assert!(matches!(DELAYS.allowance(failures, 0, at(899)), Allowance::Throttled(_)));
        assert_eq!(DELAYS.allowance(failures, 0, at(3_599)), Allowance::Attempts(1));
        assert_eq!(DELAYS.allowance(failures, 0, at(3_600)), Allowance::Attempts(5));
    }

    #[test]
    fn pending_attempts_count_as_failures() {
        assert_eq!(DELAYS.allowance(FailureHistory::default(), 4, at(0)), Allowance::Attempts(1));
        assert_eq!(DELAYS.allowance(after(&DELAYS, 2, at(0)), 3, at(0)), Allowance::Attempts(0));
        assert_eq!(RATE.allowance(Debt::default(), 99, at(0)), Allowance::Attempts(1));
        assert_eq!(RATE.allowance(after(&RATE, 60, at(0)), 40, at(0)), Allowance::Attempts(0));
    }

    #[test]
    fn a_rate_allows_its_burst_and_one_more_each_interval() {
        assert_eq!(RATE.allowance(after(&RATE, 99, at(0)), 0, at(0)), Allowance::Attempts(1));
        let debt = after(&RATE, 100, at(0));

        assert_eq!(RATE.allowance(debt, 0, at(0)), Allowance::Throttled(Duration::from_secs(10)));
        assert_eq!(RATE.allowance(debt, 0, at(9)), Allowance::Throttled(Duration::from_secs(1)));
        assert_eq!(RATE.allowance(debt, 0, at(10)), Allowance::Attempts(1));
        assert_eq!(RATE.allowance(debt, 0, at(35)), Allowance::Attempts(3));
        assert_eq!(RATE.allowance(debt, 0, at(1_000)), Allowance::Attempts(100));
    }

    #[test]
    fn failures_beyond_the_burst_do_not_prolong_the_limit() {
        let debt = after(&RATE, 1_000, at(0));

        assert_eq!(RATE.allowance(debt, 0, at(0)), Allowance::Throttled(Duration::from_secs(10)));
        assert_eq!(RATE.forgotten_at(debt), at(1_000));
    }
}
