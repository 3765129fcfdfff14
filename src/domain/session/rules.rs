//! How long sessions live, and when their use is reported.

use std::time::Duration;

use crate::domain::Timestamp;

/// How long sessions live, and when their use is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRules {
    /// How long a session lives after its refresh token was last used.
    pub refresh_lifetime: Duration,
    /// The maximum age of a session; `None` for no limit.
    pub max_age: Option<Duration>,
    /// How long a replaced refresh token may be presented again.
    pub refresh_grace: Duration,
}

impl SessionRules {
    /// When a session ends that was opened and last used at these times.
    #[must_use]
    pub fn expires_at(&self, created_at: Timestamp, last_used_at: Timestamp) -> Timestamp {
        let unused = last_used_at + self.refresh_lifetime;
        self.max_age.map_or(unused, |max_age| unused.min(created_at + max_age))
    }

    /// The minimum time after which a use is reported: a minute, or the grace period if that is longer.
    #[must_use]
    pub fn told_after(&self) -> Duration {
        self.refresh_grace.max(Duration::from_mins(1))
    }

    /// The number of the interval that contains a moment. A use is reported when the interval after its own
    /// has ended, so that all uses of an interval become visible at once.
    fn stretch(&self, at: Timestamp) -> i64 {
        let length = i64::try_from(self.told_after().as_millis()).unwrap_or(i64::MAX);
        at.as_millis().div_euclid(length)
    }

    pub(super) fn is_told(&self, used_at: Timestamp, now: Timestamp) -> bool {
        self.stretch(used_at) + 2 <= self.stretch(now)
    }
}

/// The last use in each of the two latest used intervals before that of the last use, the later first. At any
/// time at most two intervals are too recent to be reported, so of these two and the last use at least one
/// can be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EarlierUses(pub [Option<Timestamp>; 2]);

impl EarlierUses {
    /// The earlier uses after `next`, if the last use before it was `last`.
    #[must_use]
    pub fn followed_by(self, last: Timestamp, next: Timestamp, rules: &SessionRules) -> Self {
        let Self([later, _]) = self;
        if rules.stretch(last) == rules.stretch(next) { self } else { Self([Some(last), later]) }
    }
}
