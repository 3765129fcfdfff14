//! Fills a database with users and sessions, to measure Sekisho with a large one.
//!
//! `cargo run --release --example seed -- --database big.db --users 1000000 --sessions 2000000`
//!
//! The users are `user-0000001` and so on, with the addresses `user-0000001@example.com`. All have the
//! password `correct horse battery` and the same hash. One more user, `admin`, is an administrator.
//! The sessions belong to random users, and a tenth of them has ended.

use std::{
    error::Error,
    io::{IsTerminal, Write, stderr},
    path::PathBuf,
    time::Instant,
};

use clap::Parser;
use rusqlite::{Connection, params};
use sekisho::{actors::db::sqlite::DbFile, config::Database, domain::Clock};

const PASSWORD: &str = "correct horse battery";

/// The number of rows written in one transaction.
const BATCH: u64 = 100_000;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Fills a database.
#[derive(Debug, Parser)]
struct Args {
    /// The file; it must not exist yet
    #[arg(long, value_name = "PATH")]
    database: PathBuf,
    /// How many users
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    users: u64,
    /// How many sessions
    #[arg(long, default_value_t = 2_000_000, value_name = "N")]
    sessions: u64,
    /// The cost of the users' password hash
    #[arg(long, default_value_t = 4, value_name = "N")]
    bcrypt_cost: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    if args.database.exists() {
        return Err(format!("{} is there already", args.database.display()).into());
    }
    let file = DbFile::open(&Database::File(args.database.clone()))?;
    let db = file.connect()?;
    // A crash loses nothing that cannot be generated again.
    db.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -1048576;")?;
    let now = Clock::default().now().as_millis();
    let hash = bcrypt::hash(PASSWORD, args.bcrypt_cost)?;

    add_user(&db, "admin", &hash, "admin", now)?;
    fill(&db, "users", args.users, |db, number| {
        Ok(add_user(db, &format!("user-{number:07}"), &hash, "user", now)?)
    })?;
    let mut random = Random(0x5E15_0A0B);
    fill(&db, "sessions", args.sessions, |db, number| {
        // The administrator is number 1.
        let user = random.below(args.users.max(1)) + 1 + u64::from(args.users > 0);
        Ok(add_session(db, i64::try_from(user)?, number, &mut random, now)?)
    })?;

    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA optimize;")?;
    db.close().map_err(|(_, error)| error)?;
    Ok(())
}

fn add_user(db: &Connection, name: &str, hash: &str, role: &str, now: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO users (email, email_key, username, username_key, password_hash, role, created_at)
         VALUES (?1, ?1, ?2, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![format!("{name}@example.com"), name, hash, role, now])?;
    Ok(())
}

fn add_session(
    db: &Connection,
    user: i64,
    number: u64,
    random: &mut Random,
    now: i64,
) -> rusqlite::Result<()> {
    let mut refresh_hash = [0; 32];
    for part in refresh_hash.chunks_exact_mut(8) {
        part.copy_from_slice(&random.number().to_be_bytes());
    }
    let opened = now - DAY * i64::try_from(random.below(29)).unwrap_or_default();
    let ended = number.is_multiple_of(10).then_some(opened);
    db.prepare_cached(
        "INSERT INTO sessions (user_id, refresh_hash, scope, created_at, last_used_at, expires_at,
                               user_agent, ip, ended_at, end_reason)
         VALUES (?1, ?2, 'user', ?3, ?3, ?4, ?5, '192.0.2.1', ?6, ?7)",
    )?
    .execute(params![
        user,
        refresh_hash,
        opened,
        opened + 30 * DAY,
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        ended,
        ended.map(|_| "logout"),
    ])?;
    Ok(())
}

/// Adds `count` rows in large transactions, and shows a progress bar.
fn fill(
    db: &Connection,
    what: &str,
    count: u64,
    mut add: impl FnMut(&Connection, u64) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let mut done = 0;
    while done < count {
        let transaction = db.unchecked_transaction()?;
        let end = count.min(done + BATCH);
        for number in done + 1..=end {
            add(&transaction, number)?;
        }
        transaction.commit()?;
        done = end;
        show_progress(what, done, count, began)?;
    }
    Ok(())
}

fn show_progress(what: &str, done: u64, count: u64, began: Instant) -> std::io::Result<()> {
    let mut out = stderr();
    if out.is_terminal() || done == count {
        let filled = usize::try_from(done * 30 / count).unwrap_or_default();
        let (bar, rest) = ("#".repeat(filled), " ".repeat(30 - filled));
        let end = if done == count { "\n" } else { "" };
        let seconds = began.elapsed().as_secs_f64();
        write!(out, "\r[{bar}{rest}] {done}/{count} {what}, {seconds:.0} s{end}")?;
    }
    out.flush()
}

/// `SplitMix64`, so that each run writes the same rows.
struct Random(u64);

impl Random {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }
}
