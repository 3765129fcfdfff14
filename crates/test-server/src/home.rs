//! A separate working directory for each test, in which the program runs.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{Outcome, PASSWORD, Server, finish};

/// A working directory, in which the database is `sekisho.db`, the default.
pub struct Home {
    program: PathBuf,
    directory: TempDir,
}

impl Home {
    /// An empty directory, removed when dropped, for a program.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), directory: TempDir::new().unwrap() }
    }

    /// The path of a file here.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The path of the database.
    pub fn database(&self) -> PathBuf {
        self.path("sekisho.db")
    }

    /// Writes a file here and returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Writes a file that only its owner may read, as is required of a file with a secret.
    pub fn write_secret(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.write(name, content);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The names of all files here, in order.
    pub fn files(&self) -> Vec<String> {
        files_in(self.directory.path())
    }

    /// The program in this directory, without the environment of the tests. It listens on a free port,
    /// because another program may use the default one.
    pub fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = command(&self.program, self.directory.path());
        command.args(arguments).env("SEKISHO_LISTEN", "127.0.0.1:0");
        command
    }

    /// The program with the cheapest hash. It logs only warnings, without those about dangerous settings.
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

    /// Adds a user with [`PASSWORD`] and `NAME@example.com` on the command line.
    #[track_caller]
    pub fn add_user(&self, name: &str, role: &str) {
        let email = format!("{name}@example.com");
        let arguments = ["users", "add", name, "--email", &email, "--role", role, "--password-stdin"];
        self.run_with_input(&arguments, PASSWORD).ok();
    }

    /// A server on the database here, on any free port.
    #[track_caller]
    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// A server with further arguments.
    #[track_caller]
    pub fn serve_with(&self, arguments: &[&str]) -> Server {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(arguments);
        Server::start(self.command(&all))
    }
}

/// A program in a directory, without the settings and the log level of the environment that the tests run in.
pub fn command(program: impl AsRef<OsStr>, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).env_remove("RUST_LOG");
    for (name, _) in std::env::vars_os() {
        if name == "DATABASE_URL" || name.to_string_lossy().starts_with("SEKISHO_") {
            command.env_remove(name);
        }
    }
    command
}

/// The names in a directory, in order.
pub fn files_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
