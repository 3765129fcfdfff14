//! What the log says, and what it never does.

use std::{
    io::{Read, Write},
    process::Command,
};

use serde_json::{Value, json};

use crate::support::{PASSWORD, Server, Tokens, finish, home, wait_until};

/// Uses everything that involves a secret once, and returns the secrets.
fn use_everything(server: &Server) -> Vec<String> {
    const NEW: &str = "another fine password";
    let first = server.newcomer("alice");
    let second = server.refresh(&first.refresh).tokens();
    let other = server.log_in("alice");
    server.try_log_in("alice", "a wrong password").expect(401);
    server.try_log_in("mallory", "a wrong password").expect(401);
    let bearer = format!("Bearer {}", second.access);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let with_body = |method, path, body: Value| server.request(method, path, &headers, &body.to_string());
    let change = json!({ "email": "moved@example.com", "current_password": PASSWORD });
    with_body("PATCH", "/users/me", change).expect(200);
    server.form("/revoke", &[("token", &other.refresh)]).expect(200);
    server.as_user(&second.access, "GET", "/users/me/sessions").expect(200);
    let change = json!({ "current_password": PASSWORD, "new_password": NEW });
    let third = with_body("POST", "/users/me/password", change).tokens();
    server.get("/.well-known/jwks.json").expect(200);
    server.get("/users/me?access_token=in-the-query").expect(401);
    let bearer = format!("Bearer {}", third.access);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let goodbye = json!({ "password": NEW }).to_string();
    server.request("DELETE", "/users/me", &headers, &goodbye).expect(204);
    let mut secrets: Vec<_> = [PASSWORD, NEW, "a wrong password", "in-the-query", "@example.com", "$2b$"]
        .map(str::to_owned)
        .to_vec();
    for Tokens { access, refresh } in [first, second, other, third] {
        secrets.extend([access.rsplit('.').next().unwrap().to_owned(), refresh]);
    }
    secrets
}

#[test]
fn no_secret_is_logged_however_much_is() {
    for (level, format) in [("info", "text"), ("trace", "text"), ("trace", "json")] {
        let home = home();
        let mut command = home.command(&["serve", "--listen=127.0.0.1:0", "--log-format", format]);
        command.env("RUST_LOG", level);
        let server = Server::start(command);

        let mut secrets = use_everything(&server);
        let log = server.stop().log;

        let db = crate::support::open(&home.database());
        let key: Vec<u8> =
            db.query_row("SELECT private_key FROM signing_keys", [], |row| row.get(0)).unwrap();
        // The scalar of a P-256 key in PKCS #8, as `Debug` would show it.
        secrets.push(format!("{:?}", &key[40..60]).trim_matches(['[', ']']).to_owned());
        assert!(log.lines().count() > 10, "{log}");
        for secret in secrets {
            let told: Vec<_> = log.lines().filter(|line| line.contains(&secret)).collect();
            assert!(told.is_empty(), "{level}, {format}: {secret}: {told:?}");
        }
    }
}

/// Reads a log in which every line must be an object with the members that every line has.
fn records(log: &str) -> Vec<Value> {
    let record = |line: &str| -> Value {
        let record: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for member in ["time", "level", "target", "message"] {
            assert!(record[member].is_string(), "{member}: {line}");
        }
        let time = record["time"].as_str().unwrap();
        assert!(time.len() == "2026-11-24T13:24:07.123Z".len() && time.ends_with('Z'), "{line}");
        time.parse::<jiff::Timestamp>().unwrap();
        record
    };
    log.lines().map(record).collect()
}

#[test]
fn a_json_log_is_an_object_a_line_with_the_fields_of_the_text() {
    let home = home();
    home.write(".env", "SEKISHO_LOG_FORMAT=json\n");
    let mut command = home.command(&["serve", "--listen=127.0.0.1:0", "--refresh-grace-seconds=0"]);
    command.env("RUST_LOG", "trace");
    let server = Server::start(command);
    let first = server.newcomer("alice");
    server.refresh(&first.refresh).tokens();
    wait_until("the grace is over", || server.refresh(&first.refresh).status == 401);

    server.request("GET", "/%22%0A%5C?a=b", &[("x-request-id", "named-by-me")], "").expect(404);

    let records = records(&server.stop().log);
    let access = records.iter().find(|record| record["request_id"] == "named-by-me").unwrap();
    let mut members = access.as_object().unwrap().clone();
    members.remove("time");
    assert!(members.remove("duration_us").unwrap().is_u64());
    let expected = json!({
        "level": "INFO", "target": "sekisho::access", "message": "", "request_id": "named-by-me",
        "method": "GET", "path": "/%22%0A%5C", "status": 404, "ip": "127.0.0.1",
    });
    assert_eq!(Value::Object(members), expected);
    let theft = records.iter().find(|record| record["session"] == 1).unwrap();
    assert_eq!(theft["level"], "WARN");
    assert_eq!(theft["user"], 1);
    assert_eq!(theft["ip"], "127.0.0.1");
    assert_eq!(theft["message"], "the session was ended: a replaced refresh token was presented again");
}

#[test]
fn a_line_of_an_actor_names_the_request_that_caused_it() {
    let home = home();
    let mut command = home.command(&["serve", "--listen=127.0.0.1:0", "--log-format=json"]);
    command.env("RUST_LOG", "info");
    let server = Server::start(command);
    server.newcomer("alice");
    let db = crate::support::open(&home.database());
    db.execute("UPDATE users SET password_hash = 'malformed'", []).unwrap();
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body = format!("username=alice&password={PASSWORD}");

    server.request("POST", "/token", &[form, ("x-request-id", "named-by-me")], &body).expect(401);
    server.request("POST", "/token", &[form], &body).expect(401);

    let records = records(&server.stop().log);
    let ids_of = |is_one: &dyn Fn(&Value) -> bool| -> Vec<_> {
        records.iter().filter(|record| is_one(record)).map(|record| record["request_id"].clone()).collect()
    };
    let told =
        ids_of(&|record| record["message"] == "a stored password hash is malformed; it matches nothing");
    let refused = ids_of(&|record| record["path"] == "/token" && record["status"] == 401);
    assert_eq!(told, refused);
    assert_eq!(told[0], "named-by-me");
    assert_eq!(told[1].as_str().map(str::len), Some(16), "{told:?}");
}

#[test]
fn a_json_log_tells_why_the_server_does_not_start() {
    let home = home();
    home.write("sekisho.db", "no database");
    let mut command = home.command(&["serve", "--listen=127.0.0.1:0", "--log-format=json"]);
    command.env("RUST_LOG", "off");

    let outcome = finish(&mut command, "");

    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let records = records(&outcome.stderr);
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["target"], "sekisho::failed");
    assert!(records[0]["message"].as_str().unwrap().contains("sekisho.db"), "{records:?}");
}

#[test]
fn a_panic_is_a_line_of_a_json_log() {
    let home = home();
    let mut command = Command::new("sh");
    // Without file descriptors there is no event loop, and actix panics.
    let script = "ulimit -n 4; exec \"$0\" serve --listen=127.0.0.1:0 --log-format=json";
    command.args(["-c", script, env!("CARGO_BIN_EXE_sekisho")]).current_dir(home.path(""));
    command.env("RUST_LOG", "off").env("RUST_BACKTRACE", "1");

    let outcome = finish(&mut command, "");

    assert_eq!(outcome.code, Some(101), "{outcome:?}");
    let records = records(&outcome.stderr);
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["level"], "ERROR");
    assert_eq!(records[0]["target"], "panic");
    assert_eq!(records[0]["thread"], "main");
    assert!(records[0]["location"].as_str().unwrap().contains(".rs:"), "{records:?}");
    assert!(records[0]["message"].as_str().unwrap().contains("Too many open files"), "{records:?}");
    assert!(records[0]["backtrace"].as_str().unwrap().contains('\n'), "{records:?}");
}

#[test]
fn each_request_is_a_line_for_whoever_asks_for_it() {
    let home = home();
    let start = |level| {
        let mut command = home.command(&["serve", "--listen=127.0.0.1:0"]);
        command.env("RUST_LOG", level);
        Server::start(command)
    };
    let (told, untold) = (start("info"), start("info,sekisho::access=warn"));

    for server in [&told, &untold] {
        server.request("GET", "/healthz?a=b", &[("x-request-id", "named-by-me")], "").expect(200);
    }

    let log = told.stop().log;
    let line = log.lines().find(|line| line.contains("request_id=named-by-me")).unwrap();
    let fields = "request_id=named-by-me method=GET path=\"/healthz\" status=200 duration_us=";
    assert!(line.contains(fields) && line.ends_with(" ip=127.0.0.1"), "{line}");
    assert!(!untold.stop().log.contains("named-by-me"));
}

#[test]
fn a_refresh_token_used_again_is_told_once_and_why() {
    let home = home();
    let server = home.serve_with(&["--refresh-grace-seconds=0"]);
    let first = server.newcomer("alice");
    let second = server.refresh(&first.refresh).tokens();
    // Without a grace period it is enough that a millisecond has passed.
    wait_until("the grace is over", || server.refresh(&first.refresh).status == 401);

    for token in [&first.refresh, &second.refresh] {
        assert_eq!(server.refresh(token).expect(401).code(), "invalid_grant");
    }

    let log = server.stop().log;
    let told: Vec<_> = log.lines().filter(|line| line.contains("presented again")).collect();
    let expected =
        "session=1 user=1 ip=127.0.0.1 the session was ended: a replaced refresh token was presented again";
    assert!(told.len() == 1 && told[0].ends_with(expected), "{log}");
}

#[test]
fn a_refresh_token_that_comes_again_from_another_network_is_told_with_its_address() {
    let home = home();
    let mut command = home.command(&["serve", "--listen=127.0.0.1:0", "--trusted-proxy=127.0.0.1"]);
    command.env("RUST_LOG", "info");
    let server = Server::start(command);
    let first = server.newcomer("alice");
    let refresh = |ip, agent| {
        let form = "application/x-www-form-urlencoded";
        let id = ("x-request-id", ip);
        let headers = [("content-type", form), ("x-forwarded-for", ip), ("user-agent", agent), id];
        let body = format!("grant_type=refresh_token&refresh_token={}", first.refresh);
        server.request("POST", "/token", &headers, &body).status
    };

    let answers = [
        refresh("198.51.100.7", "App/1"),
        refresh("198.51.100.8", "App/1"),
        refresh("203.0.113.9", "App/1"),
        refresh("203.0.113.9", "curl/8"),
    ];

    assert_eq!(answers, [200, 200, 200, 401]);
    let log = server.stop().log;
    let actors_line = "request_id=203.0.113.9 session=1 user=1 ip=203.0.113.9 ";
    let told: Vec<_> = log.lines().filter(|line| line.contains(actors_line)).collect();
    assert_eq!(told.len(), 2, "{log}");
    let replay = "ip=203.0.113.9 a refresh token that was just replaced came again from another network";
    assert!(told[0].contains("INFO") && told[0].ends_with(replay), "{}", told[0]);
    let theft = "was presented from another network and by another program";
    assert!(told[1].contains("WARN") && told[1].ends_with(theft), "{}", told[1]);
}

#[test]
fn a_proxy_that_nobody_declared_is_told_of_once() {
    let forwarded =
        [("x-forwarded-for", "203.0.113.9"), ("content-type", "application/x-www-form-urlencoded")];
    for (trusted, expected) in [("10.0.0.0/8", 1), ("127.0.0.1", 0)] {
        let home = home();
        let server =
            Server::start(home.command(&["--listen=127.0.0.1:0", &format!("--trusted-proxy={trusted}")]));

        for _ in 0..3 {
            server.request("POST", "/token", &forwarded, "username=alice&password=x").expect(401);
        }
        let log = server.stop().log;

        let told: Vec<_> = log.lines().filter(|line| line.contains("X-Forwarded-For")).collect();
        assert_eq!(told.len(), expected, "{trusted}: {log}");
        assert!(
            told.iter().all(|line| line.contains("WARN") && line.contains("--trusted-proxy 127.0.0.1")),
            "{log}"
        );
    }
}

#[test]
fn what_is_no_request_is_not_logged() {
    let home = home();
    let server = Server::start(home.bare(&["--listen=127.0.0.1:0"]));
    for request in ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nbad\r\n\r\n"]
    {
        let mut stream = std::net::TcpStream::connect(server.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }

    let log = server.stop().log;

    assert!(!log.contains("actix_http"), "{log}");
}
