//! Durable writes per second through `DbActor`, for so many in flight, in relation to one COMMIT per
//! write on a bare connection to the same file system. And the time of one bcrypt, which logins are
//! set in relation to.
//!
//! `cargo run --release --example bench_db [-- --json]`

use std::{
    sync::Arc,
    thread::available_parallelism,
    time::{Duration, Instant},
};

use actix::Message;
use futures_util::{StreamExt, stream};
use rusqlite::Connection;
use sekisho::{
    actors::{
        Handle, Limits,
        db::{Access, Close, DbActor, DbError, DbFile, DbMessage},
        password::{Admission, HashPassword, Hasher, PasswordActor},
    },
    config::Database,
    domain::{Password, Random},
};
use serde_json::json;

type Failed = Box<dyn std::error::Error>;

const ROUND: Duration = Duration::from_secs(2);
const IN_FLIGHT: [usize; 4] = [1, 8, 64, 512];

/// Inserts one row, as a login does.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), DbError>")]
struct InsertRow;

impl DbMessage for InsertRow {
    type Answer = ();
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<(), DbError> {
        insert(db)?;
        Ok(())
    }
}

fn insert(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO rows (text) VALUES ('a row about as long as the row of a session is, more or less')",
    )?
    .execute([])?;
    Ok(())
}

fn main() -> Result<(), Failed> {
    let directory = tempfile::tempdir_in(".")?;
    let path = directory.path().join("bench.db");
    let file = Arc::new(DbFile::open(&Database::File(path))?);
    file.connect()?.execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)")?;
    let as_json = std::env::args().any(|argument| argument == "--json");

    let figures = actix::System::new().block_on(async {
        let mut baselines = vec![one_commit_per_write(&file)?];
        let limits = Limits { in_flight: 1024, deadline: None };
        let db = Handle::new("db", DbActor::start(Arc::clone(&file)), limits);
        let mut rates = Vec::new();
        for in_flight in IN_FLIGHT {
            rates.push((in_flight, through_the_actor(&db, in_flight).await?));
            baselines.push(one_commit_per_write(&file)?);
        }
        db.ask(Close).await?;
        let baseline = median(&mut baselines);
        let hash_seconds = hash_seconds(12).await?;
        Ok::<_, Failed>((baseline, rates, hash_seconds))
    })?;
    report(&figures, as_json);
    Ok(())
}

fn report((baseline, rates, hash_seconds): &(f64, Vec<(usize, f64)>, f64), as_json: bool) {
    let cores = available_parallelism().map_or(1, std::num::NonZero::get);
    if as_json {
        let rates: Vec<_> = rates
            .iter()
            .map(|(in_flight, rate)| json!({ "in_flight": in_flight, "per_second": rate, "ratio": rate / baseline }))
            .collect();
        let figures = json!({
            "one_commit_per_write": baseline, "rates": rates, "bcrypt_12_seconds": hash_seconds, "cores": cores,
        });
        println!("{figures}");
        return;
    }
    println!("one COMMIT per write: {baseline:.0}/s");
    for (in_flight, rate) in rates {
        println!("DbActor, {in_flight} in flight: {rate:.0}/s, ratio {:.2}", rate / baseline);
    }
    println!("one bcrypt at cost 12: {:.1} ms, on {cores} cores", hash_seconds * 1000.0);
}

fn one_commit_per_write(file: &DbFile) -> Result<f64, Failed> {
    let db = file.connect()?;
    let (started, mut writes) = (Instant::now(), 0_u32);
    while started.elapsed() < ROUND {
        insert(&db)?;
        writes += 1;
    }
    Ok(f64::from(writes) / started.elapsed().as_secs_f64())
}

async fn through_the_actor(db: &Handle<DbActor>, in_flight: usize) -> Result<f64, Failed> {
    let started = Instant::now();
    let writes = stream::repeat_with(|| db.ask(InsertRow))
        .take_while(|_| std::future::ready(started.elapsed() < ROUND))
        .buffer_unordered(in_flight)
        .fold(Ok(0_u32), |sum, answer| std::future::ready(answer.and(sum).map(|sum| sum + 1)))
        .await?;
    Ok(f64::from(writes) / started.elapsed().as_secs_f64())
}

async fn hash_seconds(cost: u32) -> Result<f64, Failed> {
    let hasher = Arc::new(Hasher::new(cost, Random::System)?);
    let one = std::num::NonZeroUsize::MIN;
    let admission = Admission::new(one, Duration::MAX, Duration::ZERO);
    let handle = Handle::new(
        "password",
        PasswordActor::start(one, hasher, admission),
        Limits { in_flight: 1, deadline: None },
    );
    let mut times = Vec::new();
    for _ in 0..9 {
        let started = Instant::now();
        handle.ask(HashPassword { password: Password::new("correct horse battery".to_owned()) }).await?;
        times.push(started.elapsed().as_secs_f64());
    }
    Ok(median(&mut times))
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
