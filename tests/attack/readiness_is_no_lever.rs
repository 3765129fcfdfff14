//! `/readyz` is public and asks every actor, including the one database thread.

use std::time::Instant;

use futures_util::future::join_all;

use crate::support::TestApp;

/// The number of pings that the database has answered.
async fn pings(app: &TestApp) -> u64 {
    let name = r#"sekisho_actor_message_duration_seconds_count{actor="db",message="Ping"}"#;
    let url = format!("http://{}/metrics", app.metrics_address.unwrap());
    let figures = awc::Client::default().get(url).send().await.unwrap().body().await.unwrap();
    let figures = String::from_utf8(figures.to_vec()).unwrap();
    let line = figures.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |count| count.trim().parse().unwrap())
}

#[actix_web::test]
async fn however_many_ask_the_actors_are_asked_once_a_second() {
    let app = TestApp::start_with(|config| {
        config.server.workers = std::num::NonZeroU16::new(2);
        config.server.metrics_listen = Some(([127, 0, 0, 1], 0).into());
    })
    .await;
    let (before, began) = (pings(&app).await, Instant::now());

    for _ in 0..10 {
        let answers = join_all((0..100).map(|_| app.get("/readyz", None))).await;
        assert!(answers.iter().all(|answer| answer.status == 200));
    }

    let (asked, seconds) = (pings(&app).await - before, began.elapsed().as_secs());
    assert!((1..=2 * (seconds + 1)).contains(&asked), "{asked} times in {seconds} s");
}
