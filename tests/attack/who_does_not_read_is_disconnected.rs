//! A client that sends requests and does not read: its connection ends, and what it may hold is bounded.
//! `tests/process/unread.rs` tests the bound on memory, with a process.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    time::{Duration, Instant},
};

use sekisho::app::ConnectionLimits;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::support::{TestApp, eventually, wire::Wire};

const BUNDLE: &[u8] = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n";

/// A connection whose client's kernel buffers little that the client does not read.
async fn connect(address: SocketAddr, buffer: u32) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(buffer).unwrap();
    socket.connect(address).await.unwrap()
}

#[actix_web::test]
async fn a_client_that_reads_nothing_is_disconnected_and_others_are_served() {
    let limits = ConnectionLimits { unread: Duration::from_secs(1), ..ConnectionLimits::default() };
    let app = TestApp::start_limited(limits, |_| {}).await;
    let began = Instant::now();
    let mut deaf = Vec::new();
    for _ in 0..50 {
        let mut stream = connect(app.address, 4096).await;
        stream.write_all(BUNDLE).await.unwrap();
        deaf.push(stream);
    }

    assert_eq!(app.get("/healthz", None).await.status, 200);
    // Sending to a closed connection causes a reset.
    let is_reset = |error: std::io::Error| error.kind() != ErrorKind::WouldBlock;
    for stream in &deaf {
        eventually("it is closed", async || stream.try_write(b" ").is_err_and(is_reset)).await;
    }

    assert!(began.elapsed() >= limits.unread, "{:?}", began.elapsed());
}

#[actix_web::test]
async fn a_client_that_reads_slowly_is_served_to_the_end() {
    let limits = ConnectionLimits { unread: Duration::from_millis(500), ..ConnectionLimits::default() };
    let app = TestApp::start_limited(limits, |_| {}).await;
    let whole = app.get("/docs/swagger-ui-bundle.js", None).await.body.len();
    let began = Instant::now();
    let mut stream = connect(app.address, 64 * 1024).await;
    stream.write_all(BUNDLE).await.unwrap();

    let (mut read, mut piece) = (0, vec![0; 16 * 1024]);
    while read < whole {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let count = stream.read(&mut piece).await.unwrap();
        assert!(count > 0, "it ended after {read} bytes");
        read += count;
    }

    assert!(began.elapsed() > limits.unread, "{:?}", began.elapsed());
}

#[actix_web::test]
async fn a_client_that_sends_much_before_it_reads_gets_every_answer_in_order() {
    let app = TestApp::start().await;
    app.newcomer("alice").await;
    let paths = ["/", "/healthz", "/docs", "/users/me", "/nothing"];
    let requests: Vec<_> = (0..2000)
        .map(|n| format!("GET {} HTTP/1.1\r\nHost: x\r\nx-request-id: {n}\r\n\r\n", paths[n % paths.len()]))
        .collect();
    // The first request waits for a hash while the others arrive.
    let body = "username=alice&password=wrong";
    let login = format!(
        "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len(),
    );
    let (mut reader, mut writer) = Wire::of(connect(app.address, 4096).await).into_halves();

    let sending = async { writer.write_all((login + &requests.concat()).as_bytes()).await.unwrap() };
    let reading = async {
        assert_eq!(reader.answer().await.unwrap().status, 401);
        for n in 0..2000 {
            let answer = reader.answer().await.unwrap();
            assert_eq!(answer.header("x-request-id"), Some(n.to_string().as_str()));
            assert_eq!(answer.status, [307, 200, 200, 401, 404][n % paths.len()]);
        }
    };

    futures_util::future::join(sending, reading).await;
}

#[actix_web::test]
async fn connections_beyond_the_limit_wait_until_one_ends() {
    let limits = ConnectionLimits { connections: 4, ..ConnectionLimits::default() };
    let app = TestApp::start_limited(limits, |_| {}).await;
    let request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut open = Vec::new();
    for _ in 0..4 {
        let mut wire = Wire::connect(app.address).await;
        wire.send(request).await;
        assert_eq!(wire.answer().await.unwrap().status, 200);
        open.push(wire);
    }
    let mut fifth = Wire::connect(app.address).await;
    fifth.send(request).await;

    let early = tokio::time::timeout(Duration::from_millis(200), fifth.answer()).await;
    open.pop();
    let late = fifth.answer().await;

    assert!(early.is_err(), "{early:?}");
    assert_eq!(late.unwrap().status, 200);
}
