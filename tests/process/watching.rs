//! Metrics, by a process that does nothing else, and the system's view of the process.

use crate::support::{PASSWORD, figure, home, wait_until, watched};

#[test]
fn outcomes_are_counted_each_under_its_name() {
    let home = home();
    home.add_user("disabled", "user");
    home.run(&["users", "disable", "disabled"]).ok();
    let server = watched(&home, &["--refresh-grace-seconds=5"]);
    let first = server.newcomer("alice");
    let second = server.refresh(&first.refresh).tokens();
    server.refresh(&first.refresh).tokens();
    server.refresh(&second.refresh).tokens();
    server.refresh("nonsense").expect(401);
    server.try_log_in("disabled", PASSWORD).expect(403);
    let form = [("username", "alice"), ("password", PASSWORD), ("scope", "admin")];
    server.form("/token", &form).expect(401);
    server.register("bob").expect(201);
    for _ in 0..5 {
        server.try_log_in("bob", "wrong").expect(401);
    }
    server.try_log_in("bob", PASSWORD).expect(429);
    wait_until("the grace is over", || server.refresh(&first.refresh).status == 401);

    let replayed = figure(&server, "sekisho_refreshes_total{outcome=\"replayed\"}").unwrap();
    assert!(replayed >= 1.0, "{replayed}");
    for (series, expected) in [
        ("sekisho_refreshes_total{outcome=\"rotated\"}", 2.0),
        ("sekisho_refreshes_total{outcome=\"reused\"}", 1.0),
        ("sekisho_logins_total{outcome=\"success\"}", 1.0),
        ("sekisho_logins_total{outcome=\"incorrect\"}", 6.0),
        ("sekisho_logins_total{outcome=\"disabled\"}", 1.0),
        ("sekisho_logins_total{outcome=\"throttled\"}", 1.0),
        ("sekisho_password_attempts_throttled_total", 1.0),
        ("sekisho_http_request_duration_seconds_count{route=\"/users\",status=\"201\"}", 2.0),
        ("sekisho_http_requests_in_flight", 0.0),
        ("sekisho_in_flight{what=\"account\"}", 0.0),
        ("sekisho_in_flight{what=\"db\"}", 0.0),
    ] {
        assert_eq!(figure(&server, series), Some(expected), "{series}");
    }
    wait_until("the users are counted", || figure(&server, "sekisho_users") == Some(3.0));
    assert!(figure(&server, "sekisho_db_batch_writes_sum").unwrap() >= 8.0);
    // The log is emptied a second after the start, and not again for a minute.
    wait_until("the log has a size", || {
        server.log_in("alice");
        figure(&server, "sekisho_wal_bytes") > Some(0.0)
    });
}

#[test]
fn hash_threads_and_no_others_step_back_for_everybody() {
    let home = home();
    let server = home.serve();
    server.newcomer("alice");
    let tasks = format!("/proc/{}/task", server.pid().as_raw_nonzero());

    let threads: Vec<(String, i32)> = std::fs::read_dir(tasks)
        .unwrap()
        .map(|task| {
            let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap();
            let (name, rest) = stat.split_once('(').unwrap().1.rsplit_once(") ").unwrap();
            // proc_pid_stat(5): the nice value is the nineteenth field, and the state the third.
            (name.to_owned(), rest.split(' ').nth(16).unwrap().parse().unwrap())
        })
        .collect();

    let (hashing, others): (Vec<_>, Vec<_>) =
        threads.iter().partition(|(name, _)| name.starts_with("sekisho-hash"));
    let own = others.iter().find(|(name, _)| name == "sekisho").unwrap().1;
    assert!(!hashing.is_empty() && hashing.iter().all(|(_, nice)| *nice == (own + 9).min(19)), "{threads:?}");
    assert!(others.len() > 3 && others.iter().all(|(_, nice)| *nice == own), "{threads:?}");
}
