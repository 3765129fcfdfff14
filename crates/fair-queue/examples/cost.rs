//! Measures the cost of the operations: `cargo run --release -p fair-queue --example cost`.
//!
//! The queue is one of logins, of which a given number wait. The keys of the paths are random. Each figure is
//! a mean in nanoseconds.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it prints its results, and is no server")]

use std::{hint::black_box, time::Instant};

use fair_queue::FairQueue;

type Logins = FairQueue<u64, u64, 3>;

/// Steele and Vigna's `SplitMix64`, which is enough to scatter keys.
struct Keys(u64);

impl Keys {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn main() {
    println!(
        "{:>8} {:>22} {:>10} {:>10} {:>10} {:>10}",
        "waiting", "flood", "refused", "left", "served", "ahead"
    );
    for waiting in [50, 1_000, 10_000, 100_000] {
        for (name, sites, accounts) in [
            ("one site", 1, u64::MAX),
            ("one account", u64::MAX, 1),
            ("sites and accounts", u64::MAX, u64::MAX),
            ("deep backlogs", 10, 10),
        ] {
            measure(waiting, name, sites, accounts);
        }
    }
}

fn measure(waiting: usize, name: &str, sites: u64, accounts: u64) {
    let mut keys = Keys(1);
    let mut path = || [keys.next() % sites, keys.next() % 1000, keys.next() % accounts];
    let mut queue = Logins::new();
    for _ in 0..waiting {
        queue.push(path(), 1, 0);
    }
    for _ in 0..waiting {
        queue.pop();
        queue.push(path(), 1, 0);
    }

    // An arrival at a full queue: the last entry is removed.
    let refused = mean(|| {
        queue.push(path(), 1, 0);
        queue.pop_last();
    });
    let left = mean(|| {
        let ticket = queue.push(path(), 1, 0);
        queue.remove(ticket);
    });
    let served = mean(|| {
        queue.push(path(), 1, 0);
        queue.pop();
    });
    let (middle, _) = queue.iter().nth(waiting / 2).unwrap();
    let started = Instant::now();
    black_box(queue.ahead(middle));
    let ahead = started.elapsed().as_nanos();
    println!("{waiting:>8} {name:>22} {refused:>10} {left:>10} {served:>10} {ahead:>10}");
}

fn mean(mut operation: impl FnMut()) -> u128 {
    const TIMES: u32 = 50_000;
    let started = Instant::now();
    for _ in 0..TIMES {
        operation();
    }
    (started.elapsed() / TIMES).as_nanos()
}
