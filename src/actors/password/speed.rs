//! Measures how fast this machine hashes.

use std::{
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};

use bcrypt_lanes::{Cost, Input};

use super::{LANES, PasswordError};

/// The time of hashes of one cost on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speed {
    /// The time of one hash alone.
    pub alone: Duration,
    /// The time of each hash when as many as possible are computed at once, on all threads.
    pub among_others: Duration,
    /// The number of hashes that are computed at once.
    pub at_once: usize,
}

impl Speed {
    /// The number of hashes a second that the machine computes at full load.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        f64::from(u32::try_from(self.at_once).unwrap_or(u32::MAX)) / self.among_others.as_secs_f64()
    }
}

/// Measures hashes of a cost, on this many threads at once. It takes `rounds` times as long as three hashes.
///
/// # Errors
///
/// If the cost is not valid for bcrypt.
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
