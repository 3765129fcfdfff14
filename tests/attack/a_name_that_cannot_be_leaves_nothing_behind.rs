//! A text that no account can have as its name is answered like a wrong password. It is not looked up, hashed
//! or remembered.

use crate::support::TestApp;

#[actix_web::test]
async fn typed_names_of_sixty_kilobytes_are_not_kept() {
    let app = TestApp::start().await;
    let wrong = app.try_log_in("nobody", "a guess").await;
    let before = app.sekisho.throttle().status().await.unwrap();
    // No hash thread is free, so only requests that need none can be answered.
    let slots: Vec<_> = futures_util::future::join_all(
        (0..app.sekisho.passwords().slots()).map(|_| app.sekisho.passwords().slot(anybody())),
    )
    .await;

    for number in 0..200 {
        let name = format!("{number}{}", "x".repeat(60_000));
        let answer = app.try_log_in(&name, "a guess").await;
        assert_eq!((answer.status.as_u16(), &answer.body), (401, &wrong.body));
    }
    for name in ["a\0b", "a\nb", "\u{7f}"] {
        assert_eq!(app.try_log_in(name, "a guess").await.body, wrong.body);
    }

    assert_eq!(app.sekisho.throttle().status().await.unwrap(), before);
    drop(slots);
}

fn anybody() -> sekisho::actors::password::FlowKey {
    sekisho::actors::password::FlowKey::registration(&sekisho::domain::RequestOrigin::default())
}
