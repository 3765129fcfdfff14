//! Time as a parameter, so that a test can control it.

use std::{
    fmt,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// A moment, in milliseconds since the Unix epoch.
///
/// It is displayed as RFC 3339 in UTC, in whole seconds, as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` seconds after the Unix epoch, or the last representable one.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, as in JWT's `NumericDate` (RFC 7519, section 2).
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The time from `earlier` to `self`; zero if `earlier` was not before.
    ///
    /// So a clock that jumped backwards makes things younger, never negative.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = jiff::Timestamp::from_second(self.as_seconds()).map_err(|_| fmt::Error)?;
        seconds.fmt(f)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A reading of a monotonic clock, which changes of the wall clock do not affect: milliseconds since an
/// arbitrary moment of this process.
///
/// It measures durations between two events of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MonotonicTime(u64);

impl MonotonicTime {
    /// The time from `earlier` to `self`; zero if `earlier` was not before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Duration> for MonotonicTime {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(whole_millis(duration)))
    }
}

fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The source of time: the system, or a test.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The system's clocks.
    #[default]
    System,
    /// A clock that stands still until it is moved. Its clones move with it.
    Manual(Arc<ManualClock>),
}

/// The state of a clock that a test moves.
#[derive(Debug)]
pub struct ManualClock {
    /// Milliseconds since the Unix epoch.
    wall: AtomicI64,
    /// How far the clock was moved forward since it was created, in milliseconds.
    advanced: AtomicU64,
}

impl Clock {
    /// A clock that stands at `now` until [`Clock::advance`] or [`Clock::rewind`] moves it.
    #[must_use]
    pub fn manual(now: Timestamp) -> Self {
        Self::Manual(Arc::new(ManualClock { wall: AtomicI64::new(now.0), advanced: AtomicU64::new(0) }))
    }

    /// The current time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one reader of the system's clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since_epoch =
                    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp(0) + since_epoch
            }
            Self::Manual(clock) => Timestamp(clock.wall.load(Ordering::SeqCst)),
        }
    }

    /// The current reading of the monotonic clock.
    #[must_use]
    pub fn monotonic(&self) -> MonotonicTime {
        static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::System => MonotonicTime(whole_millis(ORIGIN.elapsed())),
            Self::Manual(clock) => MonotonicTime(clock.advanced.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward. It has no effect on the system's clock.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(clock) = self {
            clock.advanced.fetch_add(whole_millis(by), Ordering::SeqCst);
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            clock.wall.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Moves a manual clock backwards, as a correction by NTP would. Only the wall clock is affected.
    pub fn rewind(&self, by: Duration) {
        if let Self::Manual(clock) = self {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            clock.wall.fetch_sub(by, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_whole_seconds_of_utc() {
        let moment = Timestamp::from_millis(1_795_331_700_999);

        assert_eq!(moment.to_string(), "2026-11-22T07:15:00Z");
        assert_eq!(moment.as_seconds(), 1_795_331_700);
    }

    #[test]
    fn a_clock_that_went_back_never_gives_a_negative_age() {
        let clock = Clock::manual(Timestamp::from_millis(10_000));
        let before = clock.now();

        clock.rewind(Duration::from_secs(5));

        assert_eq!(clock.now().since(before), Duration::ZERO);
        assert_eq!(before.since(clock.now()), Duration::from_secs(5));
    }

    #[test]
    fn what_happens_to_the_wall_clock_changes_no_duration() {
        let clock = Clock::manual(Timestamp::from_millis(10_000));
        let before = clock.monotonic();

        clock.advance(Duration::from_secs(3));
        clock.rewind(Duration::from_hours(1));

        assert_eq!(clock.monotonic().since(before), Duration::from_secs(3));
        assert_eq!(before.since(clock.monotonic()), Duration::ZERO);
        assert!(Clock::System.monotonic() <= Clock::System.monotonic());
    }
}
