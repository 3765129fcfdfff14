//! Behind an undeclared proxy, or a NAT, all users have one address. A guesser there does not lock out users
//! who have logged in from it before.

use crate::support::{PASSWORD, TestApp};

#[actix_web::test]
async fn wrong_passwords_for_many_names_stop_strangers_and_nobody_who_has_logged_in_from_there() {
    let app = TestApp::start().await;
    app.newcomer("alice").await;
    app.register("bob").await;

    let mut looked_at = 0;
    for number in 0..200 {
        let answer = app.try_log_in(&format!("person{number}"), "a guess").await;
        looked_at += usize::from(answer.status == 401);
    }

    assert_eq!(looked_at, 100);
    for stranger in ["bob", "bob@example.com", "nobody"] {
        let answer = app.try_log_in(stranger, PASSWORD).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, Some("10")), "{stranger}");
    }
    for name in ["alice", "alice@example.com"] {
        assert_eq!(app.try_log_in(name, PASSWORD).await.status, 200, "{name}");
    }
}

#[actix_web::test]
async fn whom_an_address_knows_is_no_way_around_the_limit_of_a_name() {
    let app = TestApp::start().await;
    app.newcomer("alice").await;
    for number in 0..100 {
        app.try_log_in(&format!("person{number}"), "a guess").await;
    }

    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(app.try_log_in("alice", "a guess").await.status.as_u16());
    }

    assert_eq!(answers.iter().filter(|status| **status == 401).count(), 5, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 15, "{answers:?}");
}
