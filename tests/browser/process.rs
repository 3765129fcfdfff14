//! The processes that a test needs: each on a free port, each ended with the test.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// A process that ends when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a process and reads its standard output until `find` finds something in a line.
fn start<T>(command: &mut Command, find: impl Fn(&str) -> Option<T>) -> (Running, T) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let running = Running(child);
    let found = lines.by_ref().map_while(Result::ok).find_map(|line| find(&line));
    let found = found.unwrap_or_else(|| panic!("{command:?} ended before it was ready"));
    // Its further output must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    (running, found)
}

/// The program that drives the browser; `CHROMEDRIVER` names another than the one on the path.
pub struct Driver {
    pub url: String,
    _running: Running,
}

impl Driver {
    pub fn start() -> Self {
        let program = std::env::var_os("CHROMEDRIVER").unwrap_or_else(|| "chromedriver".into());
        let mut command = Command::new(program);
        command.arg("--port=0");
        let (running, port) = start(&mut command, |line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        Self { url: format!("http://127.0.0.1:{port}"), _running: running }
    }
}
