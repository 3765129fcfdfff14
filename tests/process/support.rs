//! What the tests of the command share beyond `test_server`: the program's path, and SQLite's view of its
//! files.

use std::{collections::BTreeMap, os::unix::fs::PermissionsExt, path::Path, time::Duration};

pub use test_server::{
    Connection, Home, Outcome, PASSWORD, Server, TIMEOUT, Tokens, files_in, finish, wait_until,
};

/// A separate directory to run the program in.
pub fn home() -> Home {
    Home::new(env!("CARGO_BIN_EXE_sekisho"))
}

/// A server that serves metrics, with further arguments. Only its log says where the metrics are.
#[track_caller]
pub fn watched(home: &Home, arguments: &[&str]) -> Server {
    let all = [&["serve", "--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"], arguments].concat();
    let mut command = home.command(&all);
    command.env("RUST_LOG", "info,sekisho::access=off");
    Server::start(command)
}

/// The value of a series of a server's metrics; `None` if it does not exist yet.
pub fn figure(server: &Server, series: &str) -> Option<f64> {
    let mut connection = Connection::open(server.metrics_address()).unwrap();
    let page = connection.exchange("GET", "/metrics", &[], "").unwrap().body;
    let values = page.lines().filter_map(|line| line.rsplit_once(' '));
    values.filter(|(name, _)| *name == series).find_map(|(_, value)| value.parse().ok())
}

/// Every file in a directory with its content, for comparison.
pub fn snapshot(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    files_in(directory)
        .into_iter()
        .filter(|name| directory.join(name).is_file())
        .map(|name| {
            let content = std::fs::read(directory.join(&name)).unwrap();
            (name, content)
        })
        .collect()
}

/// A file's permissions.
pub fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Opens a database file beside the program, as another program would.
pub fn open(path: &Path) -> rusqlite::Connection {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let db = rusqlite::Connection::open_with_flags(path, flags).unwrap();
    db.busy_timeout(Duration::from_secs(10)).unwrap();
    db
}

/// A number from a database.
pub fn number(db: &rusqlite::Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Asserts that SQLite finds nothing wrong with a database.
#[track_caller]
pub fn assert_whole(path: &Path) {
    let verdict: String = open(path).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}
