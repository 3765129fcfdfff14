//! What remains of typed passwords in the memory of a server.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
};

use serde_json::json;

use crate::support::{Server, home};

/// How often a text occurs in the writable memory of the process. Only root can read it.
fn found(server: &Server, text: &str) -> usize {
    let process = format!("/proc/{}", server.pid().as_raw_nonzero());
    let memory = File::open(format!("{process}/mem")).unwrap();
    let maps = fs::read_to_string(format!("{process}/maps")).unwrap();
    let writable = maps.lines().filter(|line| line.contains(" rw"));
    let places = writable.filter_map(|line| {
        let (first, rest) = line.split_once('-')?;
        let (end, _) = rest.split_once(' ')?;
        let (first, end) = (u64::from_str_radix(first, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
        let mut bytes = vec![0; usize::try_from(end - first).ok()?];
        // Some of the kernel's mappings cannot be read.
        memory.read_exact_at(&mut bytes, first).ok()?;
        Some(memchr::memmem::find_iter(&bytes, text).count())
    });
    places.sum()
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn of_a_password_only_what_the_connection_read_is_left() {
    const REGISTERED: &str = "Zq8kVx2LmN7pRt4w";
    const GUESSED: &str = "Bh5dYc9GsJ3fQa6e";
    let home = home();
    let server = home.serve();
    let read_by_the_framework = 1;
    let json = [("content-type", "application/json")];
    let alice = json!({ "email": "alice@example.com", "username": "alice", "password": REGISTERED });

    server.request("POST", "/users/", &json, &alice.to_string()).expect(201);
    let after_json = found(&server, REGISTERED);
    server.try_log_in("alice", GUESSED).expect(401);
    let after_form = found(&server, GUESSED);

    assert!(after_json <= read_by_the_framework, "{after_json}");
    assert!(after_form <= read_by_the_framework, "{after_form}");
    assert!(found(&server, "alice@example.com") > 0, "the test looks in the wrong place");
}
