//! Clients that never finish a request. This is the only test that waits in real time, because the server's
//! limits use it (5 s for a head, 10 s for a body). All kinds of slowness wait together.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::support::{
    TestApp,
    wire::{FORM, JSON, RawAnswer, Wire},
};

/// Sends a beginning, then a byte now and then, until the server closes the connection.
async fn drip(app: &TestApp, beginning: String) -> (Vec<RawAnswer>, Duration) {
    let mut wire = Wire::connect(app.address).await;
    wire.send(beginning).await;
    let began = Instant::now();
    let (mut reader, mut writer) = wire.into_halves();
    let dripping = async {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            if tokio::io::AsyncWriteExt::write_all(&mut writer, b"x").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        answers = reader.answers() => (answers, began.elapsed()),
        () = dripping => unreachable!("dripping never ends"),
    }
}

#[actix_web::test]
async fn a_request_that_never_ends_is_ended_and_others_are_served_meanwhile() {
    let app = TestApp::start().await;
    let token = app.newcomer("alice").await.access;
    let head = |path: &str, media_type: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {media_type}\r\nContent-Length: 1000\r\n\r\n"
        )
    };

    let slow_head = drip(&app, "GET /healthz HTTP/1.1\r\nHost: x\r\nx-slow: ".to_owned());
    let slow_second_heads = join_all(
        ["G", "\r\n", "GET /healthz HTTP/1.1\r\nx: "]
            .map(|begun| drip(&app, format!("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n{begun}"))),
    );
    let slow_bodies = join_all([drip(&app, head("/token", FORM)), drip(&app, head("/users/", JSON))]);
    let others = async {
        for _ in 0..20 {
            assert_eq!(app.me(&token).await.status, 200);
        }
    };
    let ((slow_head, after), slow_second_heads, slow_bodies, ()) =
        futures_util::future::join4(slow_head, slow_second_heads, slow_bodies, others).await;

    assert!(slow_head.iter().all(|answer| answer.status == 408) && slow_head.len() <= 1, "{slow_head:?}");
    assert!(after < Duration::from_secs(9), "{after:?}");
    for (answers, after) in slow_second_heads {
        assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200]);
        assert!(after < Duration::from_secs(9), "{after:?}");
    }
    for (answers, after) in slow_bodies {
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(answers[0].status, 408);
        assert!(answers[0].body.contains("\"request_timeout\""), "{answers:?}");
        assert!(after >= Duration::from_secs(9), "{after:?}");
    }
}
