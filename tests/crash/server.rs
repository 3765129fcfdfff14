//! The server as a process that can be killed, and the files that it leaves.

use std::{
    fs::{self, File},
    path::Path,
};

use rusqlite::Connection;
use test_server::Starting;

/// How long a replaced refresh token may be presented again, in seconds. It is the maximum setting, so that
/// no pause of the machine turns a client that retries into a thief.
pub const GRACE: u64 = 300;

/// Starts a server on the database in a directory.
pub fn spawn(directory: &Path) -> Starting {
    let log = File::create(directory.join("server.log")).unwrap();
    let mut command = test_server::command(env!("CARGO_BIN_EXE_sekisho"), directory);
    command
        .env("RUST_LOG", "warn,sekisho::dangers=error")
        .args(["--listen", "127.0.0.1:0", "--database", "crash.db", "--workers", "2"])
        // The port changes with each start, and the issuer must not.
        .args(["--issuer", "http://sekisho.test", "--bcrypt-cost", "4"])
        .args(["--trusted-proxy", "127.0.0.1"])
        .args(["--access-token-minutes", "10080", "--refresh-grace-seconds", &GRACE.to_string()]);
    Starting::spawn(command, log.into())
}

/// Checks what a server that has ended left behind: a log without complaints, except about tokens that were
/// presented as a thief would, and an intact database.
pub fn inspect(directory: &Path) {
    let log = fs::read_to_string(directory.join("server.log")).unwrap();
    let is_theft = |line: &&str| line.ends_with("a replaced refresh token was presented again");
    let complaints: Vec<_> = log.lines().filter(|line| !is_theft(line)).collect();
    assert!(complaints.is_empty(), "the server complained: {complaints:#?}");
    check_left_behind(directory);
}

/// Checks the database as the killed server left it. It checks a copy, because opening the file itself
/// recovers it, and the next server must do that.
fn check_left_behind(directory: &Path) {
    let file = directory.join("crash.db");
    if !file.exists() {
        return;
    }
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("crash.db");
    fs::copy(&file, &copy).unwrap();
    let wal = directory.join("crash.db-wal");
    if wal.exists() {
        fs::copy(wal, copies.path().join("crash.db-wal")).unwrap();
    }

    let db = Connection::open(&copy).unwrap();

    let verdict: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let mut orphans = db.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!orphans.exists([]).unwrap(), "a session has no user");
}
