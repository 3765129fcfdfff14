//! The repository's texts, and the command as a process.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A path in the repository.
pub fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// A text of the repository.
pub fn text(relative: &str) -> String {
    fs::read_to_string(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// The first fenced block of a language after a heading.
pub fn block<'a>(text: &'a str, heading: &str, language: &str) -> &'a str {
    let section = text.split_once(heading).unwrap_or_else(|| panic!("no {heading}")).1;
    let (_, rest) = section.split_once(&format!("\n```{language}\n")).unwrap();
    rest.split_once("\n```").unwrap().0
}

/// A command in a directory of its own, that no setting from outside reaches.
pub fn command(program: impl AsRef<std::ffi::OsStr>, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).env("RUST_LOG", "warn");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SEKISHO_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command
}

/// A server as a process, on any free port.
pub struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Such as `127.0.0.1:40123`.
    pub address: String,
}

impl Server {
    /// Sekisho itself, on the database `sekisho.db` of a directory.
    pub fn sekisho(directory: &TempDir) -> Self {
        Self::sekisho_with(directory, &[])
    }

    /// The same with more arguments.
    pub fn sekisho_with(directory: &TempDir, arguments: &[&str]) -> Self {
        let mut command = command(env!("CARGO_BIN_EXE_sekisho"), directory.path());
        command.args(["--listen", "127.0.0.1:0", "--bcrypt-cost", "4"]).args(arguments);
        Self::start(command)
    }

    /// Whatever says on its first line where it listens.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").map(str::to_owned);
        Self { child, stdout, address: address.unwrap_or_else(|| panic!("it said {line:?}")) }
    }

    /// Asks it to end, as a service manager does, and returns what else it said.
    pub fn end(mut self) -> (String, ExitStatus) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (rest, self.child.wait().unwrap())
    }

    /// What curl prints: the body, a space and the status.
    pub fn curl(&self, path: &str, arguments: &[&str]) -> String {
        let url = format!("http://{}{path}", self.address);
        let output =
            Command::new("curl").args(["-s", "-w", " %{http_code}", &url]).args(arguments).output().unwrap();
        assert!(output.status.success(), "curl {url}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Of one that has ended already there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What bash prints when a script is pasted into it.
pub fn paste(script: &str, directory: &Path) -> String {
    let mut child = command("bash", directory)
        .arg("-s")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "bash complained");
    String::from_utf8(output.stdout).unwrap()
}
