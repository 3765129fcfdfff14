//! Servers that are killed in the middle of their work, and their state afterwards.
//!
//! Several clients use a server in every way that clients do. The server is killed by SIGKILL at a random
//! moment and restarted on the same file. Then each client compares it with what it knows: what was
//! acknowledged is there, what was ended stays ended, and the one operation that was in progress has taken
//! effect wholly or not at all.
//!
//! `SEKISHO_CRASH_KILLS` is the number of kills, and `SEKISHO_CRASH_SEED` repeats the choices of another run
//! (not the machine's scheduling). `scripts/crash` does a long run.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod check;
mod client;
mod http;
mod model;
mod server;

use std::{
    collections::hash_map::RandomState,
    env,
    hash::{BuildHasher, Hasher},
    io::{IsTerminal, stderr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;
use tempfile::TempDir;
use test_server::{Server, files_in};

use self::{
    client::{Client, Tally},
    http::Http,
    server::{inspect, spawn},
};

const CLIENTS: usize = 8;

/// A server is killed this many milliseconds after everything was verified.
const LIFE: std::ops::Range<u64> = 50..600;

/// A server that is killed while it starts lives at most this many milliseconds.
const STILLBORN: u64 = 60;

/// The number of new databases.
const FIRST_STARTS: usize = 20;

#[test]
fn what_was_acknowledged_survives_kills_and_what_was_ended_stays_ended() {
    let kills = setting("SEKISHO_CRASH_KILLS").unwrap_or(25);
    let seed = setting("SEKISHO_CRASH_SEED").unwrap_or_else(random_seed);
    println!("SEKISHO_CRASH_SEED={seed} SEKISHO_CRASH_KILLS={kills}");
    let evidence = Evidence(Some(TempDir::new().unwrap()));
    let mut run = Run::new(evidence.directory(), seed);

    for number in 1..=kills {
        run.live_and_die();
        run.show_progress(number, kills);
    }
    let median = run.end();

    run.print_summary(kills, seed, median);
    assert!(run.tally().acknowledged > 0, "nothing was done before the kills");
    assert!(median < Duration::from_secs(1), "a start takes {median:?}, and recovery shall not show");
}

#[test]
fn a_first_start_that_was_killed_is_begun_again() {
    let seed = setting("SEKISHO_CRASH_SEED").unwrap_or_else(random_seed);
    println!("SEKISHO_CRASH_SEED={seed}");
    let mut rng = Rng::with_seed(seed);

    for _ in 0..FIRST_STARTS {
        let evidence = Evidence(Some(TempDir::new().unwrap()));
        for _ in 0..rng.u64(1..=2) {
            die_young(evidence.directory(), &mut rng);
        }
        let server = spawn(evidence.directory()).ready();

        server.stop();
        inspect(evidence.directory());
    }
}

fn random_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn setting(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} takes a number, not {text:?}")))
}

/// Keeps the database and the server's log if a test fails.
struct Evidence(Option<TempDir>);

impl Evidence {
    fn directory(&self) -> &Path {
        self.0.as_ref().unwrap().path()
    }
}

impl Drop for Evidence {
    fn drop(&mut self) {
        if thread::panicking()
            && let Some(directory) = self.0.take()
        {
            println!("the database and the server's log (server.log) are in {}", directory.keep().display());
        }
    }
}

/// Kills a server while it starts.
fn die_young(directory: &Path, rng: &mut Rng) {
    let server = spawn(directory);
    thread::sleep(Duration::from_millis(rng.u64(..STILLBORN)));
    drop(server);
    inspect(directory);
}

struct Run<'a> {
    directory: &'a Path,
    rng: Rng,
    clients: Vec<Client>,
    starts: Vec<Duration>,
    stillborn: u64,
    began: Instant,
}

impl<'a> Run<'a> {
    fn new(directory: &'a Path, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let nobody = ([127, 0, 0, 1], 0).into();
        let clients = (0..CLIENTS)
            .map(|number| Client::new(number, rng.fork(), nobody, &Arc::new(AtomicBool::new(false))))
            .collect();
        Self { directory, rng, clients, starts: Vec::new(), stillborn: 0, began: Instant::now() }
    }

    /// A server's life: it recovers, is verified, works and is killed.
    fn live_and_die(&mut self) {
        let server = self.start(false);
        let killed = Arc::new(AtomicBool::new(false));
        let life = Duration::from_millis(self.rng.u64(LIFE));
        thread::scope(|scope| {
            for client in &mut self.clients {
                client.killed = Arc::clone(&killed);
                scope.spawn(|| client.work());
            }
            thread::sleep(life);
            killed.store(true, Ordering::SeqCst);
            server.kill();
        });
        inspect(self.directory);
    }

    /// Starts a server, sometimes after one that was killed before it was ready, and verifies it.
    fn start(&mut self, everything: bool) -> Server {
        while self.rng.u8(..100) < 20 {
            die_young(self.directory, &mut self.rng);
            self.stillborn += 1;
        }
        let began = Instant::now();
        let server = spawn(self.directory).ready();
        self.starts.push(began.elapsed());
        thread::scope(|scope| {
            for client in &mut self.clients {
                client.http = Http::new(server.address);
                client.killed = Arc::default();
                scope.spawn(move || client.verify(everything));
            }
        });
        server
    }

    /// Verifies everything and shuts a server down in order; returns the median time of a start.
    fn end(&mut self) -> Duration {
        self.start(true).stop();
        inspect(self.directory);
        assert_eq!(files_in(self.directory), ["crash.db", "server.log"], "something was left over");
        self.starts.sort();
        self.starts[self.starts.len() / 2]
    }

    fn tally(&self) -> Tally {
        self.clients.iter().fold(Tally::default(), |sum, Client { tally, .. }| Tally {
            acknowledged: sum.acknowledged + tally.acknowledged,
            unknown_done: sum.unknown_done + tally.unknown_done,
            unknown_undone: sum.unknown_undone + tally.unknown_undone,
            verified: sum.verified + tally.verified,
        })
    }

    /// Shows a progress bar on a terminal, and ten lines elsewhere.
    fn show_progress(&self, number: u64, kills: u64) {
        let tenth = |number: u64| number * 10 / kills;
        let done = usize::try_from(number * 30 / kills).unwrap();
        let state = format!("{number}/{kills} kills, {} acknowledged", self.tally().acknowledged);
        if stderr().is_terminal() {
            let end = if number == kills { "\n" } else { "" };
            eprint!("\r[{}{}] {state}{end}", "#".repeat(done), " ".repeat(30 - done));
        } else if tenth(number) > tenth(number - 1) {
            eprintln!("{state}");
        }
    }

    fn print_summary(&self, kills: u64, seed: u64, median: Duration) {
        let Tally { acknowledged, unknown_done, unknown_undone, verified } = self.tally();
        let slowest = self.starts.last().copied().unwrap_or_default();
        println!("kills          {kills}, and {} while it started", self.stillborn);
        println!("acknowledged   {acknowledged} operations");
        println!(
            "unknown        {} operations: {unknown_done} had happened, {unknown_undone} had not",
            unknown_done + unknown_undone
        );
        println!("verified       {verified} facts");
        println!(
            "start          {} ms in the median, {} ms at most",
            median.as_millis(),
            slowest.as_millis()
        );
        println!("seed           {seed}");
        println!("duration       {:.1} s", self.began.elapsed().as_secs_f64());
    }
}
