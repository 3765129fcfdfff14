//! A server in a process of its own, and the requests that tests send it.

use std::{
    io::{BufRead, BufReader, Read},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{Connection, PASSWORD, Response, TIMEOUT, Tokens, http::form, wait_until};

/// A server that listens; it is killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    stdout: BufReader<ChildStdout>,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// How a server has ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    /// What it printed after the line that says where it listens.
    pub stdout: String,
    pub log: String,
}

impl Server {
    /// Starts it, keeps what it logs, and waits until it says where it listens.
    #[track_caller]
    pub fn start(command: Command) -> Self {
        Self::start_logging_to(command, Stdio::piped())
    }

    /// Starts it with a log of one's own.
    #[track_caller]
    pub fn start_logging_to(mut command: Command, stderr: Stdio) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
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
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://");
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let _ = child.kill();
            let status = child.wait().unwrap();
            reader.join().unwrap();
            panic!("it does not listen ({status}): {line:?} {}", log.lock().unwrap());
        };
        Self { child, address, stdout, log, reader: Some(reader) }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(mut self) -> Ended {
        let deadline = Instant::now() + TIMEOUT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        self.reader.take().unwrap().join().unwrap();
        Ended { status, stdout, log: self.log() }
    }

    /// Ends it in order.
    #[track_caller]
    pub fn stop(self) -> Ended {
        self.signal(Signal::TERM);
        let ended = self.wait();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        ended
    }

    /// Ends it as a power cut does, as far as a process can.
    pub fn kill(self) {
        self.signal(Signal::KILL);
        self.wait();
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Where it serves metrics, which only its log tells.
    pub fn metrics_address(&self) -> SocketAddr {
        let find = || {
            let log = self.log();
            let (_, rest) = log.split_once("metrics on http://")?;
            rest.split_once("/metrics")?.0.parse().ok()
        };
        wait_until("it says where the metrics are", || find().is_some());
        find().unwrap()
    }

    pub fn connect(&self) -> Connection {
        Connection::open(self.address).unwrap()
    }

    /// One request on a connection of its own.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        self.connect().exchange(method, path, headers, body).unwrap()
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        self.request("GET", path, &[], "")
    }

    /// A request in somebody's name.
    #[track_caller]
    pub fn as_user(&self, token: &str, method: &str, path: &str) -> Response {
        self.request(method, path, &[("authorization", &format!("Bearer {token}"))], "")
    }

    #[track_caller]
    pub fn me(&self, tokens: &Tokens) -> Response {
        self.as_user(&tokens.access, "GET", "/users/me")
    }

    /// A form, as OAuth sends it.
    #[track_caller]
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.request("POST", path, &headers, &form(fields))
    }

    /// Registers somebody with [`PASSWORD`] and `NAME@example.com`.
    #[track_caller]
    pub fn register(&self, name: &str) -> Response {
        self.register_with(name, &[])
    }

    /// The same through a proxy, which the server must trust, and from a network that nobody else is in: a
    /// network may register so often.
    #[track_caller]
    pub fn register_from_elsewhere(&self, name: &str) -> Response {
        static NETWORKS: AtomicU32 = AtomicU32::new(0x0a00_0000);
        let address = Ipv4Addr::from_bits(NETWORKS.fetch_add(256, Ordering::Relaxed)).to_string();
        self.register_with(name, &[("x-forwarded-for", &address)])
    }

    #[track_caller]
    fn register_with(&self, name: &str, headers: &[(&str, &str)]) -> Response {
        let body = json!({ "email": format!("{name}@example.com"), "username": name, "password": PASSWORD });
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.request("POST", "/users/", &headers, &body.to_string())
    }

    #[track_caller]
    pub fn try_log_in(&self, name: &str, password: &str) -> Response {
        self.form("/token", &[("username", name), ("password", password)])
    }

    /// Logs in with [`PASSWORD`].
    #[track_caller]
    pub fn log_in(&self, name: &str) -> Tokens {
        self.try_log_in(name, PASSWORD).tokens()
    }

    /// Logs in with [`PASSWORD`] as an administrator who asks for it by name.
    #[track_caller]
    pub fn log_in_as_admin(&self, name: &str) -> Tokens {
        let fields = [("username", name), ("password", PASSWORD), ("scope", "user admin")];
        self.form("/token", &fields).tokens()
    }

    /// Registers somebody and logs them in.
    #[track_caller]
    pub fn newcomer(&self, name: &str) -> Tokens {
        self.register(name).expect(201);
        self.log_in(name)
    }

    #[track_caller]
    pub fn refresh(&self, token: &str) -> Response {
        self.form("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    /// The names of the public keys.
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

    #[track_caller]
    pub fn wait_until_ready(&self) {
        wait_until("it is ready", || self.get("/readyz").status == 200);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
