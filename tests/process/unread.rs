//! Clients that send requests without pause and read nothing, and their cost in memory.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::sockopt,
};

use crate::support::{Server, home, watched};

/// The peak memory of a process, in KiB.
fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix("kB").unwrap().trim().parse().unwrap()
}

/// Sends `request` repeatedly on a hundred connections to an address of a new server, reading nothing, until
/// the server accepts no more. Returns how much the server's memory has grown meanwhile, in KiB.
fn flood(address_of: fn(&Server) -> SocketAddr, request: &str) -> u64 {
    let home = home();
    let server = watched(&home, &[]);
    let (address, before) = (address_of(&server), peak(&server));
    let many = request.repeat(100_000 / request.len());
    let mut deaf: Vec<_> = (0..100).map(|_| (TcpStream::connect(address).unwrap(), 0)).collect();
    for (stream, _) in &deaf {
        stream.set_nonblocking(true).unwrap();
    }
    let (began, second) = (Instant::now(), Timespec { tv_sec: 1, tv_nsec: 0 });
    while began.elapsed() < Duration::from_secs(10) {
        let mut writable: Vec<_> = deaf.iter().map(|(to, _)| PollFd::new(to, PollFlags::OUT)).collect();
        // Requests that were accepted before are still decoded and answered for a while.
        if poll(&mut writable, Some(&second)).unwrap() == 0 {
            break;
        }
        for (stream, sent) in &mut deaf {
            match stream.write(&many.as_bytes()[*sent..]) {
                Ok(count) => *sent = (*sent + count) % many.len(),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        assert!(peak(&server) - before < 512 * 1024, "{} KiB", peak(&server) - before);
    }
    peak(&server) - before
}

#[test]
fn answers_that_nobody_reads_do_not_pile_up() {
    for path in ["/", "/healthz", "/docs/swagger-ui-bundle.js"] {
        let grown = flood(|server| server.address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));

        assert!(grown < 64 * 1024, "{path}: {grown} KiB for a hundred connections");
    }
}

#[test]
fn metrics_that_nobody_reads_do_not_pile_up() {
    for path in ["/metrics", "/nothing"] {
        let grown = flood(Server::metrics_address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));

        assert!(grown < 64 * 1024, "{path}: {grown} KiB for a hundred connections");
    }
}

#[test]
fn requests_that_wait_behind_another_are_not_read() {
    let body = "username=x&password=x";
    let login = format!(
        "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len(),
    );

    let grown = flood(|server| server.address, &(login + &"GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3000)));

    assert!(grown < 64 * 1024, "{grown} KiB for a hundred connections");
}

#[test]
fn a_body_of_the_smallest_chunks_costs_no_more_than_one_of_large_ones() {
    let home = home();
    let server = Server::start(home.command(&["--listen=127.0.0.1:0"]));
    let before = peak(&server);
    let head = "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let body = head.to_owned() + &"1\r\na\r\n".repeat(60_000);
    let clients: Vec<_> = (0..50)
        .map(|_| {
            let (mut stream, body) = (TcpStream::connect(server.address).unwrap(), body.clone());
            // So that little unread output has been written.
            stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
            sockopt::set_socket_send_buffer_size(&stream, 4096).unwrap();
            std::thread::spawn(move || {
                stream.write_all(body.as_bytes()).unwrap();
                stream
            })
        })
        .collect();
    let open: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();

    for mut stream in open {
        let mut answer = [0; 10];
        stream.write_all(b"0\r\n\r\n").unwrap();
        stream.read_exact(&mut answer).unwrap();
        // It is not a login, and on a slow machine it comes too late.
        assert_eq!(&answer, b"HTTP/1.1 4");
    }
    let grown = peak(&server) - before;

    assert!(grown < 32 * 1024, "{grown} KiB for fifty connections");
}
