//! A separate database actor, and messages that no use case sends: they hold its thread, fail and panic on
//! purpose.

use std::{
    path::PathBuf,
    sync::{Arc, mpsc},
};

use actix::{Addr, Message};
use rusqlite::Connection;
use sekisho::{
    actors::{
        Handle, Limits,
        db::{
            Db, DbError, DbMessage,
            sqlite::{self, Access, DbActor, DbFile, Tx},
        },
        password::{Hasher, Job, PasswordError, PasswordMessage},
    },
    config::Database,
};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A `DbActor` on its own file, without other actors.
pub struct LoneDatabase {
    pub db: Db,
    pub addr: Addr<DbActor>,
    pub directory: TempDir,
}

impl LoneDatabase {
    pub fn start() -> Self {
        Self::start_with(Limits { in_flight: 10_000, deadline: None })
    }

    pub fn start_with(limits: Limits) -> Self {
        let directory = TempDir::new().unwrap();
        let file = DbFile::open(&Database::File(directory.path().join("test.db"))).unwrap();
        let db = DbActor::start(Arc::new(file), limits);
        Self { addr: db.addr().clone(), db: Db::Sqlite(db), directory }
    }

    /// Another way to the same actor.
    pub fn with(&self, limits: Limits) -> Db {
        Db::Sqlite(Handle::new(self.addr.clone(), limits))
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("test.db")
    }

    /// The names that [`write`] wrote, in order, as another connection sees them.
    pub fn committed(&self) -> Vec<String> {
        let db = Connection::open(self.path()).unwrap();
        let mut select =
            db.prepare("SELECT username_key FROM retired_usernames ORDER BY username_key").unwrap();
        select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// The number of commits in the write-ahead log: a frame that ends a commit has the size of the database
    /// after it (the file format's section 4.2).
    pub fn commits(&self) -> usize {
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
        let Ok(wal) = std::fs::read(self.directory.path().join("test.db-wal")) else { return 0 };
        if wal.len() < 32 {
            return 0;
        }
        let (header, frames) = wal.split_at(32);
        let page_size = usize::try_from(number(&header[8..12])).unwrap();
        frames
            .chunks_exact(24 + page_size)
            .take_while(|frame| frame[8..16] == header[16..24])
            .filter(|frame| number(&frame[4..8]) != 0)
            .count()
    }
}

/// Runs SQL as a write.
#[derive(Debug)]
pub struct Run(pub String);

impl DbMessage for Run {
    type Answer = ();
}

impl sqlite::Run for Run {
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Tx<'_>) -> Result<(), DbError> {
        Ok(db.execute_batch(&self.0)?)
    }
}

/// Runs SQL outside any of the actor's transactions.
#[derive(Debug)]
pub struct RunAsRead(pub String);

impl DbMessage for RunAsRead {
    type Answer = ();
}

impl sqlite::Run for RunAsRead {
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Tx<'_>) -> Result<(), DbError> {
        Ok(db.execute_batch(&self.0)?)
    }
}

/// Reads a setting of the actor's connection.
#[derive(Debug)]
pub struct ReadPragma(pub &'static str);

impl DbMessage for ReadPragma {
    type Answer = String;
}

impl sqlite::Run for ReadPragma {
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Tx<'_>) -> Result<String, DbError> {
        let value: rusqlite::types::Value =
            db.query_one(&format!("PRAGMA {}", self.0), [], |row| row.get(0))?;
        Ok(match value {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        })
    }
}

/// Writes a new name.
pub fn write(name: &str) -> Run {
    Run(format!("INSERT INTO retired_usernames VALUES ('{name}', 0)"))
}

/// Writes a name, and then something that violates a constraint at once.
pub fn write_and_fail(name: &str) -> Run {
    let Run(insert) = write(name);
    Run(format!("{insert}; {insert}"))
}

/// Writes a name, and a row whose foreign key is checked only by the COMMIT, which fails.
pub fn write_what_cannot_be_committed(name: &str) -> Run {
    let Run(insert) = write(name);
    Run(format!(
        "PRAGMA defer_foreign_keys = ON; {insert};
         INSERT INTO sessions (user_id, refresh_hash, scope, created_at, last_used_at, expires_at)
         VALUES (987654, x'', '', 0, 0, 0)"
    ))
}

/// Counts the names as the actor's connection sees them.
#[derive(Debug)]
pub struct CountNames;

impl DbMessage for CountNames {
    type Answer = i64;
}

impl sqlite::Run for CountNames {
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Tx<'_>) -> Result<i64, DbError> {
        Ok(db.query_one("SELECT count(*) FROM retired_usernames", [], |row| row.get(0))?)
    }
}

/// Writes a name and panics.
#[derive(Debug)]
pub struct WriteAndPanic(pub &'static str);

impl DbMessage for WriteAndPanic {
    type Answer = ();
}

impl sqlite::Run for WriteAndPanic {
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Tx<'_>) -> Result<(), DbError> {
        db.execute_batch(&write(self.0).0)?;
        panic!("a test's write panics on purpose");
    }
}

/// Panics without writing.
#[derive(Debug)]
pub struct ReadAndPanic;

impl DbMessage for ReadAndPanic {
    type Answer = ();
}

impl sqlite::Run for ReadAndPanic {
    const ACCESS: Access = Access::Read;

    fn run(self, _: &Tx<'_>) -> Result<(), DbError> {
        panic!("a test's read panics on purpose");
    }
}

/// Keeps a thread until the test releases it. A test that fails releases it too.
#[derive(Debug)]
struct Latch {
    entered: oneshot::Sender<()>,
    release: mpsc::Receiver<()>,
}

impl Latch {
    fn wait(self) {
        let _ = self.entered.send(());
        let _ = self.release.recv();
    }
}

/// The test's end of a [`Latch`].
pub struct Held {
    entered: Option<oneshot::Receiver<()>>,
    release: mpsc::Sender<()>,
}

impl Held {
    /// Waits until the thread is held.
    pub async fn entered(&mut self) {
        assert!(self.has_entered().await, "the message was skipped");
    }

    /// Waits until the thread is held, or has skipped the message because its sender no longer waits.
    pub async fn has_entered(&mut self) -> bool {
        self.entered.take().unwrap().await.is_ok()
    }

    pub fn release(self) {
        self.release.send(()).unwrap();
    }
}

fn latch() -> (Latch, Held) {
    let ((entered, has_entered), (let_go, release)) = (oneshot::channel(), mpsc::channel());
    (Latch { entered, release }, Held { entered: Some(has_entered), release: let_go })
}

/// Holds the database's thread without touching the database.
#[derive(Debug)]
pub struct HoldDatabase(Latch);

impl HoldDatabase {
    pub fn new() -> (Self, Held) {
        let (latch, held) = latch();
        (Self(latch), held)
    }
}

impl DbMessage for HoldDatabase {
    type Answer = ();
}

impl sqlite::Run for HoldDatabase {
    const ACCESS: Access = Access::Read;

    fn run(self, _: &Tx<'_>) -> Result<(), DbError> {
        self.0.wait();
        Ok(())
    }
}

/// Holds the database's thread and then writes.
#[derive(Debug)]
pub struct HoldAndWrite(Latch, &'static str);

impl HoldAndWrite {
    pub fn new(name: &'static str) -> (Self, Held) {
        let (latch, held) = latch();
        (Self(latch, name), held)
    }
}

impl DbMessage for HoldAndWrite {
    type Answer = ();
}

impl sqlite::Run for HoldAndWrite {
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Tx<'_>) -> Result<(), DbError> {
        self.0.wait();
        Ok(db.execute_batch(&write(self.1).0)?)
    }
}

/// Holds a hash thread.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), PasswordError>")]
pub struct HoldHasher(Latch);

impl HoldHasher {
    pub fn new() -> (Self, Held) {
        let (latch, held) = latch();
        (Self(latch), held)
    }
}

impl PasswordMessage for HoldHasher {
    type Answer = ();

    fn prepare(self, hasher: &Hasher) -> Result<Job<()>, PasswordError> {
        hasher.dummy_job(move || {
            self.0.wait();
            Ok(())
        })
    }
}

/// Panics on a hash thread.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), PasswordError>")]
pub struct PanicHasher;

impl PasswordMessage for PanicHasher {
    type Answer = ();

    fn prepare(self, hasher: &Hasher) -> Result<Job<()>, PasswordError> {
        hasher.dummy_job(|| panic!("a test's hash panics on purpose"))
    }
}
