//! The throttle measures time by a monotonic clock, which changes of the wall clock do not affect.

use std::time::Duration;

use crate::support::{PASSWORD, TestApp};

#[actix_web::test]
async fn a_wall_clock_that_is_set_back_by_an_hour_changes_nothing() {
    let app = TestApp::start().await;
    for name in ["alice", "bob"] {
        app.register(name).await;
    }
    for _ in 0..6 {
        app.try_log_in("alice", "wrong").await;
    }
    assert_eq!(app.try_log_in("bob", "wrong").await.status, 401);

    app.clock.rewind(Duration::from_hours(1));

    assert_eq!(app.try_log_in("bob", PASSWORD).await.status, 200);
    assert_eq!(app.try_log_in("alice", PASSWORD).await.header("retry-after"), Some("1"));
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(app.try_log_in("alice", PASSWORD).await.status, 200);
}
