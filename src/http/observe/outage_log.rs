//! Logging outages: requests that cannot be served for now (503). The first request of a cause is logged at
//! once with its id, later ones only as a number. A full disk fails every request, and a line for each
//! would fill the disk with the log. Internal errors (500) are logged each time, elsewhere.

use std::{
    collections::HashMap,
    fmt::Display,
    sync::{
        LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// An outage is over when its cause has failed no request for this long.
const QUIET_TIMEOUT: Duration = Duration::from_secs(10);

/// How often an outage that goes on is logged again.
const REMINDER_INTERVAL: Duration = Duration::from_mins(1);

/// The maximum number of causes that are tracked. Requests that fail for any other are logged each time.
const MAX_CAUSES: usize = 64;

/// The outage log of this process. A process has one log, so it is a static.
pub(crate) static OUTAGE_LOG: LazyLock<OutageLog> = LazyLock::new(OutageLog::default);

/// The causes of the current outages.
#[derive(Default)]
pub(crate) struct OutageLog {
    /// Whether there is an outage. A request that succeeds checks this and no more.
    any: AtomicBool,
    causes: Mutex<HashMap<String, Cause>>,
}

/// When a cause failed requests, and how many.
struct Cause {
    since: Instant,
    last: Instant,
    told: Instant,
    failed: u64,
}

impl OutageLog {
    /// Counts a failed request. Returns how many requests this cause has failed if that is to be logged now.
    fn failed(&self, cause: &str, now: Instant) -> Option<u64> {
        let mut causes = self.lock();
        self.any.store(true, Ordering::Relaxed);
        if let Some(known) = causes.get_mut(cause)
            && now.duration_since(known.last) < QUIET_TIMEOUT
        {
            known.last = now;
            known.failed += 1;
            if now.duration_since(known.told) < REMINDER_INTERVAL {
                return None;
            }
            known.told = now;
            return Some(known.failed);
        }
        if causes.len() < MAX_CAUSES || causes.contains_key(cause) {
            causes.insert(cause.to_owned(), Cause { since: now, last: now, told: now, failed: 1 });
        }
        Some(1)
    }

    /// Removes the causes that are over. Returns how long each lasted and how many requests it failed.
    fn over(&self, now: Instant) -> Vec<(String, Duration, u64)> {
        if !self.any.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let mut causes = self.lock();
        let gone = causes.extract_if(|_, cause| now.duration_since(cause.last) >= QUIET_TIMEOUT);
        let over = gone.map(|(name, cause)| (name, cause.last.duration_since(cause.since), cause.failed));
        let over = over.collect();
        self.any.store(!causes.is_empty(), Ordering::Relaxed);
        over
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Cause>> {
        self.causes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs that a request failed, unless its cause has just been logged.
    pub(crate) fn log(&self, id: &str, error: &dyn Display) {
        let cause = error.to_string();
        match self.failed(&cause, Instant::now()) {
            Some(1) => log::error!(request_id = id, status = 503; "{cause}"),
            Some(many) => {
                log::error!(request_id = id, status = 503; "{cause} ({many} requests so far)");
            }
            None => log::debug!(request_id = id, status = 503; "{cause}"),
        }
    }

    /// Logs which outages are over.
    pub(crate) fn log_over(&self) {
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
        let outages = OutageLog::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);

        assert_eq!(outages.failed("full", at(0)), Some(1));
        assert_eq!(outages.failed("locked", at(1)), Some(1));
        for second in 1..60 {
            assert_eq!(outages.failed("full", at(second)), None);
        }
        assert_eq!(outages.failed("full", at(60)), Some(61));
        assert_eq!(outages.failed("full", at(61)), None);

        assert_eq!(outages.over(at(62)), [("locked".to_owned(), Duration::ZERO, 1)]);
        assert_eq!(outages.over(at(70)), []);
        assert_eq!(outages.over(at(71)), [("full".to_owned(), Duration::from_secs(61), 62)]);
        assert!(!outages.any.load(Ordering::Relaxed));
        assert_eq!(outages.failed("full", at(72)), Some(1));
        assert_eq!(outages.failed("full", at(90)), Some(1), "nobody asked in between");
        assert_eq!(outages.over(at(100)), [("full".to_owned(), Duration::ZERO, 1)]);
    }

    #[test]
    fn no_more_causes_are_remembered_than_some() {
        let outages = OutageLog::default();
        let now = Instant::now();

        for number in 0..1000 {
            assert_eq!(outages.failed(&number.to_string(), now), Some(1));
        }

        assert_eq!(outages.lock().len(), MAX_CAUSES);
        assert_eq!(outages.failed("999", now), Some(1), "what is not remembered is told each time");
    }
}
