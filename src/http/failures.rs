//! What the log is told of requests that cannot be served for now (503): the first at once and by
//! its id, then how many. A full disk fails every request, and a line for each would fill the disk
//! with the log. What should never happen (500) is told each time.

use std::{
    collections::HashMap,
    fmt::Display,
    sync::{
        LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// A cause is gone when it has failed no request for so long.
const QUIET: Duration = Duration::from_secs(10);

/// How often the log is told that a cause goes on.
const REMINDER: Duration = Duration::from_mins(1);

/// The most causes that are told apart; of others every request is told.
const CAUSES: usize = 64;

/// The failures of this process, whose log it is.
pub(super) static FAILURES: LazyLock<Failures> = LazyLock::new(Failures::default);

/// The causes that fail requests now.
#[derive(Default)]
pub(super) struct Failures {
    /// Whether there is any; so that a request that succeeds costs one look.
    any: AtomicBool,
    causes: Mutex<HashMap<String, Cause>>,
}

/// How long something fails requests, and how many it has.
struct Cause {
    since: Instant,
    last: Instant,
    told: Instant,
    failed: u64,
}

impl Failures {
    /// A request failed. Returns how many did by this cause, where the log has to be told now.
    fn failed(&self, cause: &str, now: Instant) -> Option<u64> {
        let mut causes = self.lock();
        self.any.store(true, Ordering::Relaxed);
        if let Some(known) = causes.get_mut(cause)
            && now.duration_since(known.last) < QUIET
        {
            known.last = now;
            known.failed += 1;
            if now.duration_since(known.told) < REMINDER {
                return None;
            }
            known.told = now;
            return Some(known.failed);
        }
        if causes.len() < CAUSES || causes.contains_key(cause) {
            causes.insert(cause.to_owned(), Cause { since: now, last: now, told: now, failed: 1 });
        }
        Some(1)
    }

    /// Takes the causes that are gone: each with how long it lasted and how many requests failed.
    fn over(&self, now: Instant) -> Vec<(String, Duration, u64)> {
        if !self.any.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let mut causes = self.lock();
        let gone = causes.extract_if(|_, cause| now.duration_since(cause.last) >= QUIET);
        let over = gone.map(|(name, cause)| (name, cause.last.duration_since(cause.since), cause.failed));
        let over = over.collect();
        self.any.store(!causes.is_empty(), Ordering::Relaxed);
        over
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Cause>> {
        self.causes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the log that a request failed, unless it knows.
    pub(super) fn log(&self, id: &str, error: &dyn Display) {
        let cause = error.to_string();
        match self.failed(&cause, Instant::now()) {
            Some(1) => log::error!(request_id = id, status = 503; "{cause}"),
            Some(many) => {
                log::error!(request_id = id, status = 503; "{cause} ({many} requests so far)");
            }
            None => log::debug!(request_id = id, status = 503; "{cause}"),
        }
    }

    /// Tells the log what fails requests no more.
    pub(super) fn log_over(&self) {
        for (cause, lasted, failed) in self.over(Instant::now()) {
            if failed > 1 {
                log::warn!("over: {cause}; it failed {failed} requests in {} s", lasted.as_secs());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_at_first_and_each_minute_and_when_it_is_gone() {
        let failures = Failures::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);

        assert_eq!(failures.failed("full", at(0)), Some(1));
        assert_eq!(failures.failed("locked", at(1)), Some(1));
        for second in 1..60 {
            assert_eq!(failures.failed("full", at(second)), None);
        }
        assert_eq!(failures.failed("full", at(60)), Some(61));
        assert_eq!(failures.failed("full", at(61)), None);

        assert_eq!(failures.over(at(62)), [("locked".to_owned(), Duration::ZERO, 1)]);
        assert_eq!(failures.over(at(70)), []);
        assert_eq!(failures.over(at(71)), [("full".to_owned(), Duration::from_secs(61), 62)]);
        assert!(!failures.any.load(Ordering::Relaxed));
        assert_eq!(failures.failed("full", at(72)), Some(1));
        assert_eq!(failures.failed("full", at(90)), Some(1), "nobody asked in between");
        assert_eq!(failures.over(at(100)), [("full".to_owned(), Duration::ZERO, 1)]);
    }

    #[test]
    fn no_more_causes_are_remembered_than_some() {
        let failures = Failures::default();
        let now = Instant::now();

        for number in 0..1000 {
            assert_eq!(failures.failed(&number.to_string(), now), Some(1));
        }

        assert_eq!(failures.lock().len(), CAUSES);
        assert_eq!(failures.failed("999", now), Some(1), "what is not remembered is told each time");
    }
}
