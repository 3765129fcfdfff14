//! A server in a separate process, and the requests that tests send it.

use std::{
    io::{BufRead, BufReader, Read},
    net::{SocketAddr, TcpListener},
    os::fd::OwnedFd,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
    time::Instant,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::{Connection, PASSWORD, Response, TIMEOUT, Tokens, form, unused_network, wait_until};

/// A process that is killed when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that has not yet reported its address; it is killed when dropped.
pub struct Starting {
    process: Process,
    stdout: BufReader<ChildStdout>,
    log: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

/// A server that has reported its address; it is killed when dropped.
pub struct Server {
    process: Process,
    /// The address on which it listens.
    pub address: SocketAddr,
    stdout: BufReader<ChildStdout>,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// How a server ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code or the signal.
    pub status: ExitStatus,
    /// What it printed after the line with its address.
    pub stdout: String,
    /// Its whole log.
    pub log: String,
}

impl Starting {
    /// Starts it, and keeps its log if `stderr` is a pipe.
    #[track_caller]
    pub fn spawn(command: Command, stderr: Stdio) -> Self {
        Self::spawn_with_stdin(command, Stdio::null(), stderr)
    }

    #[track_caller]
    fn spawn_with_stdin(mut command: Command, stdin: Stdio, stderr: Stdio) -> Self {
        let spawned = command.stdin(stdin).stdout(Stdio::piped()).stderr(stderr).spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let log = Arc::new(Mutex::new(String::new()));
        let (stderr, kept) = (child.stderr.take(), Arc::clone(&log));
        let reader = std::thread::spawn(move || {
            let Some(stderr) = stderr else { return };
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { process: Process(child), stdout, log, reader }
    }

    /// Waits until it reports its address.
    #[track_caller]
    pub fn ready(self) -> Server {
        let Self { mut process, mut stdout, log, reader } = self;
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = stdout.read_line(&mut line);
            let _ = sender.send((line, stdout));
        });
        let Ok((line, stdout)) = receiver.recv_timeout(TIMEOUT) else {
            panic!("it does not say where it listens: {}", log.lock().unwrap());
        };
        let address = line.trim_end().strip_prefix("listening on http://");
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let _ = process.0.kill();
            let status = process.0.wait().unwrap();
            reader.join().unwrap();
            panic!("it does not listen ({status}): {line:?} {}", log.lock().unwrap());
        };
        Server { process, address, stdout, log, reader: Some(reader) }
    }
}

impl Server {
    /// Starts it, keeps its log, and waits until it reports its address.
    #[track_caller]
    pub fn start(command: Command) -> Self {
        Self::start_logging_to(command, Stdio::piped())
    }

    /// Starts it on a socket that listens already, as systemd does: the socket is the file 3, which the
    /// environment names.
    #[track_caller]
    pub fn start_on(socket: &TcpListener, command: &Command) -> Self {
        let mut shell = Command::new("sh");
        // The shell gets the socket as its standard input, because no other file survives a start from here.
        let script = "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\"";
        shell.args(["-c", script]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        if let Some(directory) = command.get_current_dir() {
            shell.current_dir(directory);
        }
        let socket = OwnedFd::from(socket.try_clone().unwrap());
        Starting::spawn_with_stdin(shell, socket.into(), Stdio::piped()).ready()
    }

    /// Starts it with the given log level.
    #[track_caller]
    pub fn start_logging_to(command: Command, stderr: Stdio) -> Self {
        Starting::spawn(command, stderr).ready()
    }

    /// The process's id.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.process.0)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(mut self) -> Ended {
        let deadline = Instant::now() + TIMEOUT;
        let status = loop {
            if let Some(status) = self.process.0.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end: {}", self.log());
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        self.reader.take().unwrap().join().unwrap();
        Ended { status, stdout, log: self.log() }
    }

    /// Shuts it down in order.
    #[track_caller]
    pub fn stop(self) -> Ended {
        self.signal(Signal::TERM);
        let ended = self.wait();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        ended
    }

    /// Kills it, which comes as close to a power cut as a process can.
    pub fn kill(self) {
        self.signal(Signal::KILL);
        self.wait();
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The address on which it serves metrics, which only its log reports.
    pub fn metrics_address(&self) -> SocketAddr {
        let find = || {
            let log = self.log();
            let (_, rest) = log.split_once("metrics on http://")?;
            rest.split_once("/metrics")?.0.parse().ok()
        };
        wait_until("it says where the metrics are", || find().is_some());
        find().unwrap()
    }

    /// Its address as a URL without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A connection to it.
    pub fn connect(&self) -> Connection {
        Connection::open(self.address).unwrap()
    }

    /// Sends one request on a new connection.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        self.connect().exchange(method, path, headers, body).unwrap()
    }

    /// A GET without a token.
    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        self.request("GET", path, &[], "")
    }

    /// A request with an access token.
    #[track_caller]
    pub fn as_user(&self, token: &str, method: &str, path: &str) -> Response {
        self.request(method, path, &[("authorization", &format!("Bearer {token}"))], "")
    }

    /// `GET /users/me`.
    #[track_caller]
    pub fn me(&self, tokens: &Tokens) -> Response {
        self.as_user(&tokens.access, "GET", "/users/me")
    }

    /// Sends a form, as OAuth clients do.
    #[track_caller]
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.request("POST", path, &headers, &form(fields))
    }

    /// Registers a user with [`PASSWORD`] and `NAME@example.com`.
    #[track_caller]
    pub fn register(&self, name: &str) -> Response {
        self.register_with(name, &[])
    }

    /// Registers a user through a proxy, which the server must trust, and from an unused network, because
    /// registrations are limited by network.
    #[track_caller]
    pub fn register_from_elsewhere(&self, name: &str) -> Response {
        let address = unused_network().to_string();
        self.register_with(name, &[("x-forwarded-for", &address)])
    }

    #[track_caller]
    fn register_with(&self, name: &str, headers: &[(&str, &str)]) -> Response {
        let body = json!({ "email": format!("{name}@example.com"), "username": name, "password": PASSWORD });
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.request("POST", "/users/", &headers, &body.to_string())
    }

    /// Logs in with any password.
    #[track_caller]
    pub fn try_log_in(&self, name: &str, password: &str) -> Response {
        self.form("/token", &[("username", name), ("password", password)])
    }

    /// Logs in with [`PASSWORD`].
    #[track_caller]
    pub fn log_in(&self, name: &str) -> Tokens {
        self.try_log_in(name, PASSWORD).tokens()
    }

    /// Logs in with [`PASSWORD`] as an administrator who asks for the scope by name.
    #[track_caller]
    pub fn log_in_as_admin(&self, name: &str) -> Tokens {
        let fields = [("username", name), ("password", PASSWORD), ("scope", "user admin")];
        self.form("/token", &fields).tokens()
    }

    /// Registers a user and logs them in.
    #[track_caller]
    pub fn newcomer(&self, name: &str) -> Tokens {
        self.register(name).expect(201);
        self.log_in(name)
    }

    /// Presents a refresh token.
    #[track_caller]
    pub fn refresh(&self, token: &str) -> Response {
        self.form("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    /// The ids of the public keys.
    #[track_caller]
    pub fn kids(&self) -> Vec<String> {
        let keys = self.get("/.well-known/jwks.json").expect(200).json();
        let keys = keys["keys"].as_array().unwrap().clone();
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until `/readyz` names exactly these actors as failing; its answer may be a second old.
    #[track_caller]
    pub fn assert_failing(&self, names: &[&str]) {
        wait_until("it says which actors fail", || {
            let answer = self.get("/readyz");
            answer.status == 503 && answer.json()["failing"] == json!(names)
        });
    }

    /// Waits until `/readyz` says that it is ready.
    #[track_caller]
    pub fn wait_until_ready(&self) {
        wait_until("it is ready", || self.get("/readyz").status == 200);
    }
}
