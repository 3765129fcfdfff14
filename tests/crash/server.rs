//! The server as a process that can be killed, and the files that it leaves behind.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};

/// A process that takes longer to start or to end hangs.
const DEADLINE: Duration = Duration::from_secs(30);

/// How long a replaced refresh token may be presented again, in seconds: the most that can be set,
/// so that no pause of the machine makes a thief of a client that tries again.
pub const GRACE: u64 = 300;

pub struct Server {
    child: Child,
    log: PathBuf,
}

/// A server that has said that it can be used.
pub struct Ready {
    pub address: SocketAddr,
    pub took: Duration,
}

impl Server {
    pub fn spawn(directory: &Path) -> Self {
        let log = directory.join("server.log");
        let child = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .env_clear()
            .env("RUST_LOG", "warn,sekisho::dangers=error")
            .current_dir(directory)
            .args(["--listen", "127.0.0.1:0", "--database", "crash.db", "--workers", "2"])
            // The port changes with each start, and the issuer must not.
            .args(["--issuer", "http://sekisho.test", "--bcrypt-cost", "4"])
            .args(["--trusted-proxy", "127.0.0.1"])
            .args(["--access-token-minutes", "10080", "--refresh-grace-seconds", &GRACE.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    /// Waits for the one line on standard output.
    pub fn ready(&mut self) -> Ready {
        let started = Instant::now();
        let stdout = self.child.stdout.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(stdout).read_line(&mut line);
            let _ = sender.send(line);
        });
        let line = receiver.recv_timeout(DEADLINE).expect("the server says that it listens");
        let address = line.trim_end().strip_prefix("listening on http://");
        let address = address.unwrap_or_else(|| panic!("the server says {line:?}")).parse().unwrap();
        Ready { address, took: started.elapsed() }
    }

    /// SIGKILL: no destructor runs, no buffer is written.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and waits for the end.
    pub fn terminate(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let deadline = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "the server does not end");
            thread::sleep(Duration::from_millis(5));
        };
        assert!(status.success(), "the server ended with {status}");
    }

    /// What the server complained of; nothing, but for tokens that were presented as a thief would.
    pub fn complaints(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap();
        let is_theft = |line: &&str| line.ends_with("a replaced refresh token was presented again");
        log.lines().filter(|line| !is_theft(line)).map(str::to_owned).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Checks the database as the killed server left it: on a copy, since whoever opens the file
/// itself recovers it, and that is for the next server to do.
pub fn check_left_behind(directory: &Path) {
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

/// What stands in the directory, by name.
pub fn files(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
