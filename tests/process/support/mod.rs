//! A directory of its own for each test, in which the program is run.

mod http;
mod server;
mod tmpfs;

use std::{
    collections::BTreeMap,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

pub use self::{
    http::{Connection, Response, Tokens},
    server::Server,
    tmpfs::Tmpfs,
};

pub const PASSWORD: &str = "correct horse battery";

/// How long anything may take before a test gives up on it: far more than it does.
pub const TIMEOUT: Duration = Duration::from_mins(2);

/// A working directory, where the database is `sekisho.db` as it is by default.
pub struct Home {
    directory: TempDir,
}

/// What a command that has ended leaves.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Asserts success and returns what was printed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// Asserts a failure that is told in one line on standard error and nothing else.
    #[track_caller]
    pub fn refused(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        assert!(self.stderr.starts_with("sekisho: "), "{self:?}");
        self.stderr
    }

    /// What was printed, as JSON.
    #[track_caller]
    pub fn json(self) -> serde_json::Value {
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

impl Home {
    pub fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn database(&self) -> PathBuf {
        self.path("sekisho.db")
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A file that nobody else may read, as one that holds a secret must be.
    pub fn write_secret(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.write(name, content);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The names of all files here, in order.
    pub fn files(&self) -> Vec<String> {
        files_in(self.directory.path())
    }

    /// The program in this directory, knowing nothing of the environment that the tests run in. It listens on a
    /// free port, because another program may have the usual one.
    pub fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
        command.args(arguments).current_dir(self.directory.path()).env_remove("RUST_LOG");
        for (name, _) in std::env::vars_os() {
            if name == "DATABASE_URL" || name.to_string_lossy().starts_with("SEKISHO_") {
                command.env_remove(name);
            }
        }
        command.env("SEKISHO_LISTEN", "127.0.0.1:0");
        command
    }

    /// The program with the cheapest hash, and warnings as all that it logs, but for those of how it is set
    /// up here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(arguments);
        command
            .env("SEKISHO_BCRYPT_COST", "4")
            .env("SEKISHO_WORKERS", "2")
            .env("RUST_LOG", "warn,sekisho::dangers=error");
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        finish(&mut self.command(arguments), "")
    }

    /// Runs a command that reads standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Outcome {
        finish(&mut self.command(arguments), input)
    }

    /// Adds a user with [`PASSWORD`] and `NAME@example.com` by the command.
    pub fn add_user(&self, name: &str, role: &str) {
        let email = format!("{name}@example.com");
        let arguments = ["users", "add", name, "--email", &email, "--role", role, "--password-stdin"];
        self.run_with_input(&arguments, PASSWORD).ok();
    }

    /// A server on the database here, on any free port.
    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// A server that is told more.
    pub fn serve_with(&self, arguments: &[&str]) -> Server {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(arguments);
        Server::start(self.command(&all))
    }
}

/// Runs a command to its end; a test that hangs fails by itself.
pub fn finish(command: &mut Command, input: &str) -> Outcome {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Whoever is refused early does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let process = rustix::process::Pid::from_child(&child);
    let (ended, wait) = std::sync::mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        if wait.recv_timeout(TIMEOUT) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(ended);
    watchdog.join().unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Waits until something is so.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The names in a directory, in order.
pub fn files_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every file in a directory with its content, to be compared with what it was.
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
