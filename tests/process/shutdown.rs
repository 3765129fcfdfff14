//! Shutdown: requests in progress are finished, and nothing else delays it.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{Connection, Home, PASSWORD, Server, figure, home, number, open, wait_until, watched};

/// The maximum duration of a shutdown that has nothing to wait for. It takes milliseconds. It must not take
/// the thirty seconds that requests get, or those of an idle connection.
const AT_ONCE: Duration = Duration::from_secs(8);

const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

/// A server on which a login takes a while.
fn slow_server(home: &Home, cost: &str) -> Server {
    watched(home, &["--bcrypt-cost", cost, "--max-login-wait-seconds=60"])
}

/// Sends this many logins and waits until all of them are in progress.
fn logins_under_way(server: &Server, count: usize) -> Vec<Connection> {
    let body = format!("username=alice&password={}", PASSWORD.replace(' ', "+"));
    let logins = (0..count).map(|_| {
        let mut connection = server.connect();
        connection.send("POST", "/token", &FORM, &body).unwrap();
        connection
    });
    let (logins, expected): (Vec<_>, _) = (logins.collect(), u32::try_from(count).unwrap().into());
    wait_until("the logins are under way", || {
        figure(server, "sekisho_http_requests_in_flight") == Some(expected)
    });
    logins
}

fn add_slow_user(home: &Home) {
    let add = ["users", "add", "alice", "--email=alice@example.com", "--password-stdin", "--bcrypt-cost=12"];
    home.run_with_input(&add, PASSWORD).ok();
}

#[test]
fn a_login_under_way_is_finished_and_nobody_new_is_let_in() {
    for signal in [Signal::TERM, Signal::INT] {
        let home = home();
        add_slow_user(&home);
        let server = slow_server(&home, "12");
        let address = server.address;
        let logins = logins_under_way(&server, 3);

        let began = Instant::now();
        server.signal(signal);
        wait_until("new connections are refused", || {
            Connection::open(address)
                .is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
        });
        let answers: Vec<_> = logins.into_iter().map(|mut login| login.receive()).collect();
        let (took, ended) = (began.elapsed(), server.wait());

        for answer in answers {
            answer.unwrap_or_else(|error| panic!("{error} after {took:?}: {ended:?}")).tokens();
        }
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        assert!(ended.log.contains("the database is closed"), "{ended:?}");
        assert_eq!(home.files(), ["sekisho.db"]);
        assert_eq!(number(&open(&home.database()), "SELECT count(*) FROM sessions"), 3);
    }
}

#[test]
fn idle_connections_do_not_hold_up_the_end() {
    let home = home();
    let server = home.serve();
    let mut idle: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for connection in &mut idle[..10] {
        assert_eq!(connection.exchange("GET", "/healthz", &[], "").unwrap().status, 200);
    }
    idle[10].send_raw(b"POST /token HT").unwrap();
    idle[11].send_raw(b"POST /token HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nuser").unwrap();

    let began = Instant::now();
    server.stop();

    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert!(idle.iter_mut().all(Connection::is_closed));
    assert_eq!(home.files(), ["sekisho.db"]);
}

#[test]
fn slow_clients_do_not_hold_up_the_end() {
    let home = home();
    let server = home.serve();
    let mut unread = server.connect();
    // More than the buffers on the way can hold.
    unread.send("GET", "/docs/swagger-ui-bundle.js", &[], "").unwrap();
    let mut chunked = server.connect();
    let head = "POST /users/ HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    chunked.send_raw(format!("{head}transfer-encoding: chunked\r\n\r\n1\r\n{{\r\n").as_bytes()).unwrap();
    let mut trickling = server.connect();
    trickling.send_raw(format!("{head}content-length: 1000\r\n\r\n{{").as_bytes()).unwrap();

    let began = Instant::now();
    server.signal(Signal::TERM);
    while began.elapsed() < AT_ONCE && trickling.send_raw(b" ").is_ok() {
        std::thread::sleep(Duration::from_millis(50));
    }
    let ended = server.wait();

    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert!(chunked.is_closed() && trickling.is_closed() && unread.is_closed());
}

#[test]
fn idle_connections_do_not_cut_short_a_login_under_way() {
    let home = home();
    add_slow_user(&home);
    let server = slow_server(&home, "12");
    let mut idle: Vec<_> = (0..10).map(|_| server.connect()).collect();
    for connection in &mut idle {
        assert_eq!(connection.exchange("GET", "/healthz", &[], "").unwrap().status, 200);
    }
    let logins = logins_under_way(&server, 2);

    let began = Instant::now();
    server.signal(Signal::TERM);
    for mut login in logins {
        login.receive().unwrap().expect(200);
    }
    let ended = server.wait();

    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
}

#[test]
fn a_second_signal_waits_for_nothing() {
    let home = home();
    home.add_user("alice", "user");
    // The cheap hash is replaced after the login by one that takes minutes.
    let server = slow_server(&home, "20");
    let logins = logins_under_way(&server, 1);
    let address = server.address;

    server.signal(Signal::TERM);
    wait_until("it is ending", || Connection::open(address).is_err());
    let began = Instant::now();
    server.signal(Signal::TERM);
    let ended = server.wait();

    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    // It may have received the answer before the connection was cut.
    assert!(logins.into_iter().all(|mut login| login.receive().map_or(true, |answer| answer.status == 503)));
    assert_eq!(home.files(), ["sekisho.db"]);
}

#[test]
fn a_login_that_takes_minutes_is_given_up_in_time() {
    let home = home();
    home.add_user("alice", "user");
    let server = slow_server(&home, "20");
    let _login = logins_under_way(&server, 1);

    let began = Instant::now();
    server.signal(Signal::TERM);
    let ended = server.wait();

    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    assert_eq!(home.files(), ["sekisho.db"]);
}
