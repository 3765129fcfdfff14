//! How fast this machine hashes.

use std::{
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};

use bcrypt_lanes::{Cost, Input};

use super::{LANES, PasswordError};

/// What hashes of a cost take on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speed {
    /// One alone, with nobody else hashing.
    pub alone: Duration,
    /// Each of as many as are computed at once, on all threads.
    pub among_others: Duration,
    /// How many are computed at once.
    pub at_once: usize,
}

impl Speed {
    /// How many hashes a second the machine makes when it makes no others.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        f64::from(u32::try_from(self.at_once).unwrap_or(u32::MAX)) / self.among_others.as_secs_f64()
    }
}

/// Measures hashes of a cost, on so many threads at once; it takes `rounds` times as long as three.
///
/// # Errors
///
/// When the cost is not one of bcrypt's.
pub fn measure_speed(cost: u32, threads: NonZeroUsize, rounds: u32) -> Result<Speed, PasswordError> {
    let cost = Cost::new(cost).map_err(|_| PasswordError::Bcrypt)?;
    let input = Input::new(b"correct horse battery", [7; 16], cost).map_err(|_| PasswordError::Bcrypt)?;
    let group = vec![input; LANES.get()];
    let (mut alone, mut among_others) = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        alone = alone.min(time(cost, group.get(..1).unwrap_or_default()));
        among_others = among_others.min(slowest(cost, &group, threads.get()));
    }
    Ok(Speed { alone, among_others, at_once: threads.get() * LANES.get() })
}

fn slowest(cost: Cost, group: &[Input], threads: usize) -> Duration {
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(|| time(cost, group))).collect();
        running.into_iter().filter_map(|thread| thread.join().ok()).max().unwrap_or_default()
    })
}

fn time(cost: Cost, inputs: &[Input]) -> Duration {
    let started = Instant::now();
    let _ = std::hint::black_box(bcrypt_lanes::hash(cost, inputs));
    started.elapsed()
}
