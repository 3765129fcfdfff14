//! A command that ends by itself, and its outcome.

use std::{
    io::Write,
    os::fd::OwnedFd,
    process::{Command, Stdio},
    sync::mpsc,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::TIMEOUT;

/// The outcome of a command that has ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed on standard output.
    pub stdout: String,
    /// What it printed on standard error.
    pub stderr: String,
}

impl Outcome {
    /// Asserts success and returns what was printed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// Asserts a failure that is reported in one line on standard error, and nothing else.
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
    pub fn json(self) -> Value {
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

/// Runs a command to its end; one that hangs is killed after [`TIMEOUT`].
pub fn finish(command: &mut Command, input: &str) -> Outcome {
    finish_with(command, Stdio::piped(), input)
}

/// Runs a command to its end with a file as its standard input.
pub fn finish_reading(command: &mut Command, file: OwnedFd) -> Outcome {
    finish_with(command, file.into(), "")
}

fn finish_with(command: &mut Command, stdin: Stdio, input: &str) -> Outcome {
    let mut child = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(mut stdin) = child.stdin.take() {
        // A command that is refused early does not read its input.
        let _ = stdin.write_all(input.as_bytes());
    }
    let process = Pid::from_child(&child);
    let (ended, wait) = mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        if wait.recv_timeout(TIMEOUT) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = kill_process(process, Signal::KILL);
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
