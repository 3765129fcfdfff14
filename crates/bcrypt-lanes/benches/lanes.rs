//! Measures the time of a hash for each number of lanes, beside the `bcrypt` crate, in one interleaved run.
//!
//! `cargo bench -p bcrypt-lanes [-- COST [ROUNDS [THREADS]]]`; the defaults are cost 10, 15 rounds and one
//! thread. Several threads do the same work at the same time, and the slowest one counts. The minimum of all
//! rounds shows what an idle machine can do; a median far above it means that other programs interfered.

use std::{
    hint::black_box,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use bcrypt_lanes::{Cost, Input, lanes};

const PASSWORD: &[u8] = b"correct horse battery\0";
const SALT: [u8; 16] = [7; 16];

/// A measurement: its name, the number of hashes that it computes, and the work.
type Work = (&'static str, u32, fn(Cost));

const WORKS: [Work; 9] = [
    ("the bcrypt crate", 1, |cost| {
        black_box(bcrypt::bcrypt(cost.get(), black_box(SALT), black_box(PASSWORD)));
    }),
    ("1 lane", 1, in_lanes::<1>),
    ("2 lanes", 2, in_lanes::<2>),
    ("3 lanes", 3, in_lanes::<3>),
    ("4 lanes", 4, in_lanes::<4>),
    ("5 lanes", 5, in_lanes::<5>),
    ("6 lanes", 6, in_lanes::<6>),
    ("7 lanes", 7, in_lanes::<7>),
    ("8 lanes", 8, in_lanes::<8>),
];

fn main() {
    // Test runners start benchmarks too, to list their tests.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u32>().ok());
    let cost = numbers.next().unwrap_or(10);
    let rounds = numbers.next().unwrap_or(15).max(1);
    let threads = numbers.next().unwrap_or(1).max(1);
    let Ok(cost) = Cost::new(cost) else {
        eprintln!("a cost is between 4 and 31");
        return;
    };

    let mut times = [const { Vec::new() }; WORKS.len()];
    for _ in 0..rounds {
        for (times, (_, _, work)) in times.iter_mut().zip(WORKS) {
            times.push(at_once(threads, || work(cost)));
        }
    }

    println!("cost {}, {rounds} rounds, {threads} threads at once; milliseconds\n", cost.get());
    println!("| | each | all together | each, median | times as many |\n|---|---|---|---|---|");
    let mut reference = None;
    for (mut times, (name, hashes, _)) in times.into_iter().zip(WORKS) {
        times.sort_unstable();
        let (Some(least), Some(median)) = (times.first(), times.get(times.len() / 2)) else { return };
        let each = *least / hashes;
        let ratio = reference.get_or_insert(each).as_secs_f64() / each.as_secs_f64();
        println!(
            "| {name} | {:.2} | {:.2} | {:.2} | {ratio:.2} |",
            millis(each),
            millis(*least),
            millis(*median / hashes)
        );
    }
}

fn in_lanes<const N: usize>(cost: Cost) {
    let Some((_, password)) = PASSWORD.split_last() else { return };
    let Ok(input) = Input::new(black_box(password), black_box(SALT), cost) else { return };
    black_box(lanes::<N>(cost, [&input; N]));
}

/// The time of the slowest of `threads` threads that start at the same moment.
fn at_once(threads: u32, work: impl Fn() + Sync) -> Duration {
    let start = Barrier::new(usize::try_from(threads).unwrap_or(1));
    let timed = || {
        start.wait();
        let started = Instant::now();
        work();
        started.elapsed()
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(timed)).collect();
        let own = timed();
        others.into_iter().filter_map(|other| other.join().ok()).fold(own, Duration::max)
    })
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
