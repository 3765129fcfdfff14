//! A full disk: what cannot be stored is not acknowledged, and the server recovers when there is room.

use crate::{
    support::{Home, Server, assert_whole, home},
    tmpfs::Tmpfs,
};

/// Lets the test choose the address that registrations come from.
const PROXY: &str = "--trusted-proxy=127.0.0.1";

/// A server whose database is on a small disk.
fn start(home: &Home, disk: &Tmpfs) -> Server {
    let database = disk.path("sekisho.db");
    home.serve_with(&["--database", database.to_str().unwrap(), "--issuer=http://sekisho.test", PROXY])
}

/// Registers users until the disk is full; returns the acknowledged ones and the refusal.
fn register_until_refused(server: &Server) -> Vec<String> {
    let mut acknowledged = Vec::new();
    loop {
        let name = format!("user{}", acknowledged.len());
        let answer = server.register_from_elsewhere(&name);
        if answer.status != 201 {
            answer.unavailable("disk_full");
            return acknowledged;
        }
        acknowledged.push(name);
        assert!(acknowledged.len() < 5000, "the disk is never full");
    }
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn a_full_disk_is_said_and_what_was_acknowledged_is_kept() {
    let (home, disk) = (home(), Tmpfs::mount("2m"));
    let server = start(&home, &disk);
    let alice = server.newcomer("alice");
    disk.fill();

    let acknowledged = register_until_refused(&server);

    server.register_from_elsewhere("late").unavailable("disk_full");
    let login = server.try_log_in("alice", crate::support::PASSWORD);
    assert_eq!(login.json()["error"], "temporarily_unavailable");
    login.unavailable("disk_full");
    server.refresh(&alice.refresh).unavailable("disk_full");
    server.me(&alice).expect(200);
    server.assert_failing(&["db"]);

    disk.make_room();
    server.wait_until_ready();
    let refreshed = server.refresh(&alice.refresh).tokens();
    server.register_from_elsewhere("late").expect(201);
    server.kill();
    let server = start(&home, &disk);
    server.me(&refreshed).expect(200);
    for name in acknowledged.iter().map(String::as_str).chain(["alice", "late"]) {
        server.log_in(name);
    }
    server.stop();
    assert_whole(&disk.path("sekisho.db"));
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn readiness_stays_truthful_while_a_full_disk_is_asked_for_nothing() {
    let (home, disk) = (home(), Tmpfs::mount("2m"));
    let server = start(&home, &disk);
    server.wait_until_ready();
    disk.fill();
    register_until_refused(&server);

    for _ in 0..5 {
        server.assert_failing(&["db"]);
    }
    disk.make_room();

    server.wait_until_ready();
    server.register_from_elsewhere("late").expect(201);
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn a_revocation_that_cannot_be_kept_is_not_acknowledged() {
    let (home, disk) = (home(), Tmpfs::mount("2m"));
    let server = start(&home, &disk);
    let alice = server.newcomer("alice");
    disk.fill();
    register_until_refused(&server);

    server.as_user(&alice.access, "POST", "/logout").unavailable("disk_full");
    server.form("/revoke", &[("token", &alice.refresh)]).unavailable("disk_full");
    server.me(&alice).expect(200);
    disk.make_room();
    server.wait_until_ready();
    server.as_user(&alice.access, "POST", "/logout").expect(204);

    assert_eq!(server.me(&alice).status, 401);
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn a_full_disk_is_logged_once_and_not_for_each_request_or_second() {
    let (home, disk) = (home(), Tmpfs::mount("2m"));
    let server = start(&home, &disk);
    disk.fill();
    register_until_refused(&server);

    for number in 0..20 {
        server.register_from_elsewhere(&format!("late{number}")).unavailable("disk_full");
    }
    let ended = server.stop();

    let (told, others): (Vec<_>, Vec<_>) = ended
        .log
        .lines()
        .partition(|line| line.contains("request_id=") && line.ends_with("the disk is full"));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(others.len() <= 1, "{others:?}");
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn a_command_on_a_full_disk_is_one_line() {
    let (home, disk) = (home(), Tmpfs::mount("2m"));
    let database = disk.path("sekisho.db");
    let server = start(&home, &disk);
    disk.fill();
    register_until_refused(&server);
    let arguments = ["users", "add", "bob", "--email=bob@example.com", "--password-stdin", "--database"];
    let arguments = [&arguments[..], &[database.to_str().unwrap()]].concat();

    let line = home.run_with_input(&arguments, crate::support::PASSWORD).refused(1);
    disk.make_room();
    home.run_with_input(&arguments, crate::support::PASSWORD).ok();

    assert!(line.contains("the disk is full"), "{line}");
    server.log_in("bob");
}
