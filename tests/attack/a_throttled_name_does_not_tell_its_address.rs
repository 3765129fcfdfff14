//! A username and an e-mail address are counted separately, so guessing at one does not reveal that the other
//! belongs to the same account.

use crate::support::TestApp;

#[actix_web::test]
async fn guesses_at_a_name_change_nothing_for_any_address() {
    for (guessed_at, others) in [
        ("alice", ["alice@example.com", "bob@example.com", "nobody@example.com"]),
        ("alice@example.com", ["alice", "bob", "nobody"]),
        ("nobody", ["alice", "alice@example.com", "bob"]),
    ] {
        let app = TestApp::start().await;
        for name in ["alice", "bob"] {
            app.register(name).await;
        }
        for _ in 0..6 {
            app.try_log_in(guessed_at, "a guess").await;
        }
        assert_eq!(app.try_log_in(guessed_at, "a guess").await.status, 429);

        for other in others {
            for attempt in 1..=7 {
                let status = app.try_log_in(other, "a guess").await.status.as_u16();

                let expected = if attempt <= 5 { 401 } else { 429 };
                assert_eq!(status, expected, "{guessed_at}, then {other} for the {attempt}th time");
            }
        }
    }
}

#[actix_web::test]
async fn a_users_number_is_no_name_of_theirs() {
    let app = TestApp::start().await;
    let alice = app.newcomer("alice").await;
    let id = app.id_of(&alice.access).await;
    for name in [id.to_string(), format!("#{id}")] {
        for _ in 0..6 {
            app.try_log_in(&name, "a guess").await;
        }
    }

    assert_eq!(app.try_log_in("alice", "a guess").await.status, 401);
}
