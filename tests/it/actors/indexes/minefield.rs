//! A database whose tables are filled, and whose middle cannot be read.

use std::{cell::RefCell, collections::BTreeSet, fs::OpenOptions, os::unix::fs::FileExt, path::Path};

use rusqlite::{
    Connection,
    trace::{TraceEvent, TraceEventCodes},
};
use sekisho::{
    actors::db::sqlite::{Access, DbFile, Run, Tx},
    config::Database,
    domain::Context,
};
use tempfile::TempDir;

use crate::support::START;

/// The number of rows in each table that grows: dozens of pages each.
pub const ROWS: i64 = 10_000;

/// The hash of the first nine users, the only ones with a known cost.
pub const CHEAP: &str = "$2b$04$";

/// The number of leaves that are left intact at either end of each table and index.
const WHOLE_ENDS: usize = 5;

/// The tables and indexes that grow with the number of users.
const GROWING: [&str; 8] = [
    "users",
    "sqlite_autoindex_users_1",
    "sqlite_autoindex_users_2",
    "users_by_password_cost",
    "sessions",
    "sessions_of_user",
    "sessions_alive_of_user",
    "retired_usernames",
];

pub struct Minefield {
    pub db: Connection,
    /// The messages that were sent.
    pub sent: BTreeSet<&'static str>,
    _directory: TempDir,
}

impl Minefield {
    pub fn lay() -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("test.db");
        let location = Database::File(path.clone());
        let db = DbFile::open(&location).unwrap().connect().unwrap();
        fill(&db);
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(db);
        overwrite_the_middle(&path);
        let db = DbFile::open_existing(&location).unwrap().connect().unwrap();
        db.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note));
        Self { db, sent: BTreeSet::new(), _directory: directory }
    }

    /// Runs a message without the actor, in a transaction as the actor would.
    pub fn send<M: Run>(&mut self, message: M) -> M::Answer {
        let name = std::any::type_name::<M>().rsplit("::").next().unwrap();
        self.sent.insert(name);
        let is_write = M::ACCESS == Access::Write;
        if is_write {
            self.db.execute_batch("BEGIN IMMEDIATE").unwrap();
        }
        let context = Context::system(START);
        let tx = Tx { connection: &self.db, context: &context };
        let answer = message.run(&tx).unwrap_or_else(|error| panic!("{name}: {error}"));
        if is_write {
            self.db.execute_batch("COMMIT").unwrap();
        }
        answer
    }
}

/// The first users are `aa1` to `aa9`, of whom `aa1` and `aa2` are administrators; each has two sessions. All
/// others come after them in every order, and before any user that is added.
fn fill(db: &Connection) {
    db.execute_batch(&format!(
        "BEGIN;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}),
              named AS (SELECT i, CASE WHEN i < 10 THEN 'aa' || i ELSE printf('m%05d', i) END AS name FROM n)
         INSERT INTO users (id, email, email_key, username, username_key, password_hash, role, created_at)
         SELECT i, name || '@example.com', name || '@example.com', name, name, iif(i < 10, '{CHEAP}', 'hash'),
                iif(i <= 2, 'admin', 'user'), 0 FROM named;
         INSERT INTO sessions (user_id, refresh_hash, scope, created_at, last_used_at, expires_at)
         SELECT id, zeroblob(32), 'user', 0, 0, 9000000000000 FROM users WHERE id < 10;
         INSERT INTO sessions (user_id, refresh_hash, scope, created_at, last_used_at, expires_at)
         SELECT id, zeroblob(32), 'user', 0, 0, 9000000000000 FROM users;
         INSERT INTO retired_usernames
         SELECT iif(id < 10, 'ab', 'n') || username_key, 0 FROM users;
         COMMIT;"
    ))
    .unwrap();
}

fn overwrite_the_middle(path: &Path) {
    let db = Connection::open(path).unwrap();
    let page_size: i64 = db.query_one("PRAGMA page_size", [], |row| row.get(0)).unwrap();
    let zeros = vec![0; usize::try_from(page_size).unwrap()];
    let mut leaves =
        db.prepare("SELECT pageno FROM dbstat WHERE name = ?1 AND pagetype = 'leaf' ORDER BY path").unwrap();
    let file = OpenOptions::new().write(true).open(path).unwrap();
    for name in GROWING {
        let pages: Vec<i64> =
            leaves.query_map([name], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        assert!(pages.len() > 3 * WHOLE_ENDS, "{name} has {} leaves", pages.len());
        for page in &pages[WHOLE_ENDS..pages.len() - WHOLE_ENDS] {
            file.write_all_at(&zeros, u64::try_from((page - 1) * page_size).unwrap()).unwrap();
        }
    }
}

thread_local! {
    /// The statements that were run on this thread, as they are written.
    pub static STATEMENTS: RefCell<Vec<String>> = RefCell::default();
}

fn note(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(statement, _) = event {
        STATEMENTS.with_borrow_mut(|statements| statements.push(statement.sql().into_owned()));
    }
}
