//! Locks, descriptors, a stopped process, a blocked log: each is reported clearly, survived, and over when
//! its cause is.

use std::{fs::OpenOptions, process::Stdio, thread};

use rustix::process::{Resource, Rlimit, Signal, prlimit};

use crate::support::{Connection, PASSWORD, Server, figure, home, number, open, wait_until, watched};

#[test]
fn a_database_locked_by_another_program_is_said_and_nothing_is_lost() {
    let home = home();
    let server = home.serve();
    let alice = server.newcomer("alice");
    let other = open(&home.database());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    server.register("bob").unavailable("database_locked");
    server.try_log_in("alice", PASSWORD).unavailable("database_locked");
    server.refresh(&alice.refresh).unavailable("database_locked");
    server.as_user(&alice.access, "POST", "/logout").unavailable("database_locked");
    server.me(&alice).expect(200);
    server.assert_failing(&["db"]);
    let line = home.run(&["users", "disable", "alice"]).refused(1);
    other.execute_batch("ROLLBACK").unwrap();
    server.wait_until_ready();

    assert!(line.contains("the database is locked by another process"), "{line}");
    server.refresh(&alice.refresh).expect(200);
    server.register("bob").expect(201);
    let log = server.log();
    let told = |what: &str| log.lines().filter(|line| line.contains(what)).count();
    assert!(told("housekeeping") <= 1, "{log}");
    assert_eq!(told("status=503 the database is locked by another process"), 1, "{log}");
}

#[test]
fn a_lock_that_is_soon_given_back_is_waited_for() {
    let home = home();
    let server = watched(&home, &[]);
    let alice = server.newcomer("alice");
    let other = open(&home.database());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let answer = thread::scope(|scope| {
        let refresh = scope.spawn(|| server.refresh(&alice.refresh));
        // A refresh sends the database one message, which writes.
        wait_until("a write waits", || figure(&server, "sekisho_in_flight{what=\"db\"}") > Some(0.0));
        other.execute_batch("COMMIT").unwrap();
        refresh.join().unwrap()
    });

    answer.tokens();
}

fn descriptors(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid().as_raw_nonzero())).unwrap().count()
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn without_descriptors_old_connections_work_and_new_ones_do_when_there_are_some() {
    let home = home();
    let server = home.serve();
    let alice = server.newcomer("alice");
    let mut old = server.connect();
    let bearer = format!("Bearer {}", alice.access);
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(old.exchange("GET", "/users/me", &headers, "").unwrap().status, 200);

    let limit = Rlimit { current: Some(64), maximum: Some(64) };
    prlimit(Some(server.pid()), Resource::Nofile, limit).unwrap();
    let crowd: Vec<_> = (0..150).map(|_| server.connect()).collect();
    wait_until("it has no descriptor left", || descriptors(&server) >= 64);

    for _ in 0..20 {
        assert_eq!(old.exchange("GET", "/users/me", &headers, "").unwrap().status, 200);
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("username=alice&password={}", PASSWORD.replace(' ', "+"));
    old.exchange("POST", "/token", &form, &body).unwrap().tokens();
    drop(crowd);
    server.register("bob").expect(201);
    server.wait_until_ready();
    assert!(server.log().lines().count() < 200, "{}", server.log());
    server.stop();
    assert_eq!(number(&open(&home.database()), "SELECT count(*) FROM users"), 2);
}

#[test]
fn a_stopped_process_goes_on_where_it_was() {
    let home = home();
    let server = home.serve();
    let alice = server.newcomer("alice");
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid().as_raw_nonzero())).unwrap();
        stat.rsplit_once(") ").unwrap().1.chars().next().unwrap()
    };

    server.signal(Signal::STOP);
    wait_until("it is stopped", || state() == 'T');
    let body = format!("username=alice&password={}", PASSWORD.replace(' ', "+"));
    let mut waiting: Vec<Connection> = (0..5).map(|_| server.connect()).collect();
    for connection in &mut waiting {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        connection.send("POST", "/token", &form, &body).unwrap();
    }
    server.signal(Signal::CONT);

    for mut connection in waiting {
        connection.receive().unwrap().tokens();
    }
    server.me(&alice).expect(200);
    server.refresh(&alice.refresh).expect(200);
    server.wait_until_ready();
}

#[test]
fn a_log_that_cannot_be_written_harms_nobody() {
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let unread = || Stdio::from(std::io::pipe().unwrap().1);
    for log in [full(), unread()] {
        let home = home();
        let mut command = home.command(&["--listen=127.0.0.1:0"]);
        command.env("RUST_LOG", "info");

        let server = Server::start_logging_to(command, log);

        let alice = server.newcomer("alice");
        server.me(&alice).expect(200);
        server.stop();
    }
}
