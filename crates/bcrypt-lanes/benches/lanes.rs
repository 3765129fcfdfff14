//! How long one hash takes in so many lanes, beside the `bcrypt` crate, in one interleaved run.
//!
//! `cargo bench -p bcrypt-lanes [-- COST [ROUNDS]]`; without, cost 10 and 15 rounds. The figures are
//! the least of all rounds, which is what the machine can do when nobody else uses it.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use bcrypt_lanes::{Cost, Input, lanes};

fn main() {
    let mut arguments =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).map(|a| a.parse());
    let number = arguments.next().and_then(Result::ok).unwrap_or(10);
    let rounds = arguments.next().and_then(Result::ok).unwrap_or(15);
    let Ok(cost) = Cost::new(number) else {
        eprintln!("a cost is between 4 and 31");
        return;
    };

    let mut crates = Duration::MAX;
    let mut ours = [Duration::MAX; 8];
    for _ in 0..rounds {
        crates = crates.min(time(|| {
            black_box(bcrypt::bcrypt(number, [7; 16], black_box(b"correct horse battery\0")));
        }));
        let times = [
            of::<1>(cost),
            of::<2>(cost),
            of::<3>(cost),
            of::<4>(cost),
            of::<5>(cost),
            of::<6>(cost),
            of::<7>(cost),
            of::<8>(cost),
        ];
        for (least, time) in ours.iter_mut().zip(times) {
            *least = (*least).min(time);
        }
    }
    println!("cost {number}, the least of {rounds} rounds");
    println!("the bcrypt crate  {:7.2} ms a hash", millis(crates));
    for (lanes, time) in (1_u32..).zip(ours) {
        let each = time / lanes;
        let ratio = crates.as_secs_f64() / each.as_secs_f64();
        println!(
            "{lanes} lanes           {:7.2} ms a hash, {ratio:.2} times as many; {:7.2} ms in all",
            millis(each),
            millis(time)
        );
    }
}

fn of<const N: usize>(cost: Cost) -> Duration {
    let Ok(input) = Input::new(b"correct horse battery", [7; 16], cost) else { return Duration::MAX };
    time(|| {
        black_box(lanes::<N>(cost, black_box([&input; N])));
    })
}

fn time(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
