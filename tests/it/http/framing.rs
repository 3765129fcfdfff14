//! Where one request ends and the next begins.

use std::time::Duration;

use crate::support::{
    TestApp,
    wire::{FORM, JSON, Wire, post},
};
use tokio::io::AsyncWriteExt;

const GOODBYE: &str =
    "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-request-id: goodbye\r\n\r\n";

#[actix_web::test]
async fn pipelined_requests_are_answered_each_and_in_order() {
    let app = TestApp::start().await;
    let token = app.newcomer("alice").await.access;
    let mut wire = Wire::connect(app.address).await;
    let mut requests = String::new();
    for number in 0..60 {
        let path = ["/users/me", "/healthz", "/nothing"][number % 3];
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nx-request-id: {number}\r\n\r\n"
        );
        requests.push_str(&head);
    }

    wire.send(requests + GOODBYE).await;

    let answers = wire.answers().await;
    let ids: Vec<_> =
        answers.iter().map(|answer| answer.header("x-request-id").unwrap().to_owned()).collect();
    let mut expected: Vec<_> = (0..60).map(|number: usize| number.to_string()).collect();
    expected.push("goodbye".to_owned());
    assert_eq!(ids, expected);
    let statuses: Vec<_> = answers.iter().take(6).map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200, 404, 200, 200, 404]);
}

#[actix_web::test]
async fn each_of_several_requests_at_once_has_its_own_answer_whatever_the_others_are() {
    let app = TestApp::start().await;
    let bodies = ["grant_type=unsupported", ""];
    let token = |body: &str| {
        format!(
            "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let chunked = format!(
        "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n16\r\n{}\r\n0\r\n\r\n",
        bodies[0]
    );
    let plain = |method: &str, path: &str| format!("{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let spaced = post("/users/", JSON, b"{\r\n\r\n\"email\":\r\n\r\n\"x\"}\r\n\r\n");
    let requests = [
        (token(bodies[0]), 400, true),
        (plain("HEAD", "/healthz"), 200, false),
        (plain("GET", "/users/me"), 401, true),
        (plain("HEAD", "/users/me"), 401, false),
        (chunked.clone(), 400, true),
        (plain("GET", "/"), 307, false),
        (chunked, 400, true),
        (plain("HEAD", "/docs"), 200, false),
        (token(bodies[1]), 422, true),
        (String::from_utf8(spaced).unwrap(), 422, true),
        (plain("PUT", "/users/me"), 405, true),
        (plain("HEAD", "/readyz"), 200, false),
        (plain("GET", "/healthz"), 200, true),
    ];
    let all: String = requests.iter().map(|(request, ..)| request.as_str()).collect();
    for size in [1, 7, 100, 1000, all.len()] {
        let (mut reader, mut writer) = Wire::connect(app.address).await.into_halves();
        let sending = async {
            for piece in all.as_bytes().chunks(size) {
                writer.write_all(piece).await.unwrap();
            }
        };
        let reading = async {
            for (request, status, has_body) in &requests {
                let answer = if *has_body { reader.answer().await } else { reader.head().await };

                let answer = answer.unwrap();
                assert_eq!(
                    (answer.status, !answer.body.is_empty()),
                    (*status, *has_body),
                    "{size}: {request}"
                );
            }
        };
        futures_util::future::join(sending, reading).await;
    }
}

#[actix_web::test]
async fn what_is_no_http_is_refused_and_the_connection_closed() {
    let app = TestApp::start().await;
    let long_header = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nx-long: {}\r\n\r\n", "x".repeat(300_000));
    let many_headers = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", "x-a: b\r\n".repeat(5000));
    let long_path = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(300_000));
    for request in [
        &b"nonsense\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nx-a: b\0c\r\n\r\n",
        b"GET /\xff\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n\r\n",
        long_header.as_bytes(),
        many_headers.as_bytes(),
        long_path.as_bytes(),
    ] {
        let mut wire = Wire::connect(app.address).await;
        wire.send([request, GOODBYE.as_bytes()].concat()).await;

        let answers = wire.answers().await;

        let shown = String::from_utf8_lossy(&request[..request.len().min(80)]).into_owned();
        assert!(answers.len() <= 1, "{shown}: {answers:?}");
        assert!(answers.iter().all(|answer| (400..500).contains(&answer.status)), "{shown}: {answers:?}");
    }
    assert_eq!(app.get("/healthz", None).await.status, 200);
}

#[actix_web::test]
async fn a_length_and_chunks_at_once_smuggle_nothing() {
    let app = TestApp::start().await;
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\nx-request-id: smuggled\r\n\r\n";
    let by_length = format!("0\r\n\r\n{smuggled}");
    let both = |order: [&str; 2]| {
        format!(
            "POST /revoke HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n{}\r\n{}\r\n\r\n{by_length}",
            order[0], order[1],
        )
    };
    let length = format!("Content-Length: {}", by_length.len());
    for request in [
        both([&length, "Transfer-Encoding: chunked"]),
        both(["Transfer-Encoding: chunked", &length]),
        both([&length, "Transfer-Encoding: chunked, chunked"]),
        both([&length, "Transfer-Encoding : chunked"]),
        both([&length, "Transfer-Encoding: xchunked"]),
        both([&length, "Transfer-Encoding:\tchunked"]),
    ] {
        let mut wire = Wire::connect(app.address).await;
        wire.send(&request).await;
        wire.send(GOODBYE).await;

        let answers = wire.answers().await;

        let was_smuggled = answers.iter().any(|answer| answer.header("x-request-id") == Some("smuggled"));
        assert!(!was_smuggled, "{request}\n{answers:?}");
    }
}

#[actix_web::test]
async fn chunks_are_bounded_as_a_whole_body_is() {
    let app = TestApp::start().await;
    for (path, media_type) in [("/users/", JSON), ("/token", FORM)] {
        let mut wire = Wire::connect(app.address).await;
        wire.send(format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
        ))
        .await;
        for _ in 0..9 {
            wire.send(format!("2000\r\n{}\r\n", "x".repeat(0x2000))).await;
        }

        let answers = wire.answers().await;

        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(answers[0].status, 413);
        assert!(answers[0].body.contains("payload_too_large"));
    }
}

#[actix_web::test]
async fn a_body_that_never_ends_ends_with_its_request_though_nobody_reads_it() {
    let app = TestApp::start().await;
    for (request, status) in [
        ("PUT /users/me", 405),
        ("GET /users/me", 401),
        ("GET /nothing", 404),
        ("POST /users/", 415),
        ("GET /healthz", 200),
    ] {
        // Of a body with an announced length, actix-http itself reads only a reasonable amount.
        for length in ["Transfer-Encoding: chunked", "Content-Length: 10000000000"] {
            let mut wire = Wire::connect(app.address).await;
            wire.send(format!("{request} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n")).await;
            let (mut reading, mut writing) = wire.into_halves();
            let endless = tokio::spawn(async move {
                let chunk = format!("2000\r\n{}\r\n", "x".repeat(0x2000));
                while writing.write_all(chunk.as_bytes()).await.is_ok() {}
            });

            let answer = reading.answer().await.unwrap_or_else(|| panic!("no answer to {request}, {length}"));

            assert_eq!(answer.status, status, "{request}, {length}");
            let closed = tokio::time::timeout(Duration::from_secs(10), endless).await;
            assert!(closed.is_ok(), "{request}, {length}: it is read without end");
        }
    }
}

#[actix_web::test]
async fn a_body_in_chunks_that_is_soon_over_keeps_its_connection() {
    let app = TestApp::start().await;
    app.register("alice").await;
    let mut wire = Wire::connect(app.address).await;
    let body = "username=alice&password=correct+horse+battery";
    for _ in 0..3 {
        wire.send(format!(
            "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        ))
        .await;

        assert_eq!(wire.answer().await.unwrap().status, 200);
    }
}

#[actix_web::test]
async fn a_short_body_in_chunks_that_nobody_reads_keeps_its_connection() {
    let app = TestApp::start().await;
    let request = |path| {
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    };
    let mut wire = Wire::connect(app.address).await;
    for (path, status) in [("/logout", 401), ("/users/me", 405), ("/nothing", 404), ("/users/", 415)] {
        wire.send(request(path)).await;

        assert_eq!(wire.answer().await.unwrap().status, status, "{path}");
    }

    wire.send([request("/logout"), request("/nothing"), GOODBYE.to_owned()].concat()).await;

    let statuses: Vec<_> = wire.answers().await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [401, 404, 200]);
}

#[actix_web::test]
async fn a_body_in_chunks_is_a_body() {
    let app = TestApp::start().await;
    app.register("alice").await;
    let mut wire = Wire::connect(app.address).await;
    wire.send(format!(
        "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
    ))
    .await;
    for part in ["username=al", "ice&password=cor", "rect+horse+battery"] {
        wire.send(format!("{:x}\r\n{part}\r\n", part.len())).await;
        tokio::task::yield_now().await;
    }
    wire.send("0\r\n\r\n").await;

    assert_eq!(wire.answer().await.unwrap().status, 200);
}

#[actix_web::test]
async fn a_body_far_too_large_is_refused_with_a_whole_answer() {
    let app = TestApp::start().await;
    for size in [64 * 1024 + 1, 200 * 1024, 1024 * 1024, 8 * 1024 * 1024] {
        let mut wire = Wire::connect(app.address).await;
        wire.send(post("/users/", JSON, &vec![b' '; size])).await;

        let answer = wire.answer().await.unwrap_or_else(|| panic!("no answer to {size} bytes"));

        assert_eq!(answer.status, 413, "{size}");
        assert!(answer.body.contains("payload_too_large"));
    }
}

#[actix_web::test]
async fn a_malformed_chunk_ends_the_request() {
    let app = TestApp::start().await;
    for chunk in ["zz\r\nabc\r\n", "-1\r\n", "ffffffffffffffffff\r\n", "3\r\nabcdef\r\n0\r\n\r\n"] {
        let mut wire = Wire::connect(app.address).await;
        wire.send(format!(
            "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"
        ))
        .await;

        let answers = wire.answers().await;

        assert!(answers.len() <= 1, "{chunk:?} {answers:?}");
        assert!(answers.iter().all(|answer| answer.status == 400), "{chunk:?} {answers:?}");
    }
}

#[actix_web::test]
async fn a_client_that_hangs_up_early_is_gone_and_harms_nobody() {
    let app = TestApp::start().await;
    app.newcomer("alice").await;
    let mut wire = Wire::connect(app.address).await;
    wire.send(post("/token", FORM, b"username=alice&password=correct+horse+battery")).await;
    wire.stream.shutdown().await.unwrap();

    let answers = wire.answers().await;

    assert!(answers.len() <= 1 && answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert_eq!(app.try_log_in("alice", crate::support::PASSWORD).await.status, 200);
}

#[actix_web::test]
async fn half_a_body_and_an_end_is_no_request() {
    let app = TestApp::start().await;
    let body = br#"{"email":"a@example.com","username":"a","password":"long enough"}"#;
    let request = post("/users/", JSON, &[&body[..], b"     "].concat());
    let mut wire = Wire::connect(app.address).await;
    // The object is complete, but shorter than the announced length.
    wire.send(&request[..request.len() - 5]).await;
    wire.stream.shutdown().await.unwrap();

    let answers = wire.answers().await;

    assert!(answers.iter().all(|answer| answer.status == 400), "{answers:?}");
    let token = app.administrator("root").await.access;
    let users = app.get("/users", Some(&token)).await.json();
    assert_eq!(users["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn expect_100_continue_is_answered() {
    let app = TestApp::start().await;
    let mut wire = Wire::connect(app.address).await;
    let body = "username=a&password=b";
    wire.send(format!(
        "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    ))
    .await;
    let first = tokio::time::timeout(Duration::from_secs(10), wire.answer()).await.unwrap().unwrap();
    wire.send(body).await;

    assert_eq!(first.status, 100);
    assert_eq!(wire.answer().await.unwrap().status, 401);
}
