//! Restarts that nobody notices: the listening socket belongs to the service manager, as with systemd's
//! socket activation, and each server takes it over from the one before.

use std::{
    fs::File,
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::{fd::OwnedFd, unix::net::UnixListener},
    process::Command,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
};

use rustix::net::{AddressFamily, SocketType};
use test_server::{Outcome, Proxy, finish_reading, form};

use crate::support::{Connection, Home, PASSWORD, Server, Tokens, home};

/// How often the server is replaced under load.
const RESTARTS: usize = 20;

/// A server on a socket that listens already.
fn serve_on(socket: &TcpListener, home: &Home) -> Server {
    Server::start_on(socket, &home.command(&["serve"]))
}

fn socket() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// What clients do until they are told to stop. A client that is refused, cut or answered badly panics, and
/// the test with it.
struct Load {
    address: SocketAddr,
    tokens: Tokens,
    is_over: AtomicBool,
    requests: AtomicU32,
}

impl Load {
    fn new(server: &Server, address: SocketAddr) -> Self {
        let tokens = server.newcomer("alice");
        // Whoever logs in more than a hundred times loses the first session, so this is another user.
        server.register("bob").expect(201);
        Self { address, tokens, is_over: AtomicBool::new(false), requests: AtomicU32::new(0) }
    }

    /// One client, which keeps its connection for as long as it may if `keeps_alive`.
    fn run(&self, keeps_alive: bool) {
        let bearer = format!("Bearer {}", self.tokens.access);
        let mut kept: Option<Connection> = None;
        while !self.is_over.load(Ordering::Relaxed) {
            let mut connection = kept.take().unwrap_or_else(|| Connection::open(self.address).unwrap());
            let number = self.requests.fetch_add(1, Ordering::Relaxed);
            let answer = if number.is_multiple_of(10) {
                // A POST may not be sent twice, so nothing between the client and the server hides its loss.
                let headers = [("content-type", "application/x-www-form-urlencoded")];
                let fields = [("username", "bob"), ("password", PASSWORD)];
                connection.exchange("POST", "/token", &headers, &form(&fields)).unwrap()
            } else {
                connection.exchange("GET", "/users/me", &[("authorization", &bearer)], "").unwrap()
            };
            assert_eq!(answer.status, 200, "{answer:?}");
            if keeps_alive && answer.header("connection") != Some("close") {
                kept = Some(connection);
            }
        }
    }
}

/// Restarts a server under the load of eight clients, and returns how many requests were answered.
fn restart_under_load(socket: &TcpListener, home: &Home, load: &Load, mut server: Server) -> u32 {
    thread::scope(|scope| {
        let clients: Vec<_> = (0..8).map(|number| scope.spawn(move || load.run(number % 2 == 0))).collect();
        for _ in 0..RESTARTS {
            let before = load.requests.load(Ordering::Relaxed);
            crate::support::wait_until("the clients are at work", || {
                clients.iter().any(thread::ScopedJoinHandle::is_finished)
                    || load.requests.load(Ordering::Relaxed) > before + 100
            });
            server.stop();
            server = serve_on(socket, home);
        }
        load.is_over.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().unwrap();
        }
        server.stop();
    });
    load.requests.load(Ordering::Relaxed)
}

#[test]
fn twenty_restarts_under_load_refuse_no_connection_and_cut_no_request() {
    let (home, socket) = (home(), socket());
    let server = serve_on(&socket, &home);
    let load = Load::new(&server, server.address);

    let requests = restart_under_load(&socket, &home, &load, server);

    assert!(requests > 2_000, "{requests}");
}

#[test]
#[cfg_attr(not(feature = "proxy-tests"), ignore = "it takes nginx and OpenSSL")]
fn twenty_restarts_behind_nginx_fail_no_request() {
    let operations =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/OPERATIONS.md")).unwrap();
    let location = operations.split_once("    location / {").unwrap().1.split_once('}').unwrap().0;
    let (home, socket) = (home(), socket());
    let server = serve_on(&socket, &home);
    let nginx = Proxy::nginx("localhost", |port, _| {
        let location = location.replace("127.0.0.1:8000", &server.address.to_string());
        format!("server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }}")
    });
    let load = Load::new(&server, nginx.address);

    let requests = restart_under_load(&socket, &home, &load, server);

    assert!(requests > 2_000, "{requests}");
}

#[test]
fn a_connection_that_arrives_between_two_servers_waits_for_the_second() {
    let (home, socket) = (home(), socket());
    let address = socket.local_addr().unwrap();
    serve_on(&socket, &home).stop();

    let mut early = Connection::open(address).unwrap();
    early.send("GET", "/healthz", &[], "").unwrap();
    let server = serve_on(&socket, &home);

    assert_eq!(server.address, address);
    early.receive().unwrap().expect(200);
}

#[test]
fn what_is_asked_during_the_end_is_answered_with_the_last_word_and_idle_connections_are_closed() {
    let home = home();
    let server = home.serve();
    let mut busy: Vec<_> = (0..4).map(|_| server.connect()).collect();
    let mut idle = server.connect();
    for connection in busy.iter_mut().chain([&mut idle]) {
        let answer = connection.exchange("GET", "/healthz", &[], "").unwrap();
        assert_eq!((answer.status, answer.header("connection")), (200, None));
    }

    server.signal(rustix::process::Signal::TERM);
    // The signal has been handled when an answer says so.
    let last: Vec<_> = busy
        .iter_mut()
        .map(|connection| {
            loop {
                let answer = connection.exchange("GET", "/healthz", &[], "").unwrap();
                if answer.header("connection") == Some("close") {
                    break answer.status;
                }
            }
        })
        .collect();

    assert_eq!(last, [200; 4]);
    assert!(busy.iter_mut().chain([&mut idle]).all(Connection::is_closed));
    assert_eq!(server.wait().status.code(), Some(0));
}

/// What `serve` says when it is passed a file, which is its standard input, in this way.
fn serve_with(file: impl Into<OwnedFd>, pass: &str) -> Outcome {
    let home = home();
    let serve = home.command(&["serve"]);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{pass} exec \"$0\" \"$@\"")]).arg(serve.get_program()).arg("serve");
    // A server that listens itself after all cannot: this is no address of the machine.
    command.current_dir(home.path("")).env("SEKISHO_LISTEN", "192.0.2.1:1").env("RUST_LOG", "warn");
    finish_reading(&mut command, file.into())
}

#[test]
fn sockets_that_cannot_be_served_on_are_refused() {
    let directory = home();
    let listener = socket();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let connection = listener.accept().unwrap().0;
    let not_listening = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    let files: [(OwnedFd, &str); 5] = [
        (File::open("/dev/null").unwrap().into(), "not a TCP socket"),
        (UdpSocket::bind("127.0.0.1:0").unwrap().into(), "not a TCP socket"),
        (UnixListener::bind(directory.path("socket")).unwrap().into(), "not a TCP socket"),
        (connection.into(), "does not listen"),
        (not_listening, "does not listen"),
    ];

    for (file, expected) in files {
        let said = serve_with(file, "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$").refused(1);
        assert!(said.contains(expected), "{said}");
    }
    let none = serve_with(socket(), "exec 3<&- </dev/null; LISTEN_FDS=1 LISTEN_PID=$$").refused(1);
    assert!(none.contains("not a TCP socket"), "{none}");
    let several = serve_with(socket(), "exec 3<&0 4<&0 </dev/null; LISTEN_FDS=2 LISTEN_PID=$$").refused(1);
    assert!(several.contains("2 sockets"), "{several}");
}

#[test]
fn a_socket_for_another_process_is_left_alone_and_the_log_says_so() {
    let outcome = serve_with(socket(), "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=1");

    assert!(outcome.stderr.contains("LISTEN_PID names the process 1"), "{outcome:?}");
    assert!(outcome.stderr.contains("192.0.2.1:1"), "{outcome:?}");
}
