//! Once: each login opened one more session, without a limit, and ending all of them was one statement on the
//! only thread of the database.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::Value;

use crate::support::{TestApp, Tokens};

#[actix_web::test]
async fn the_session_that_was_not_used_for_the_longest_time_ends() {
    let app = TestApp::start().await;
    let idle = app.newcomer("alice").await;
    let (used, bob) = (app.log_in("alice").await, app.newcomer("bob").await);
    app.clock.advance(Duration::from_mins(1));
    let used = Tokens::of(&app.refresh(&used.refresh).await);

    // With the two existing ones, this is one more than may be alive.
    let opened: Vec<_> = stream::iter(0..99).map(|_| app.log_in("alice")).buffer_unordered(8).collect().await;

    assert_eq!(app.me(&idle.access).await.status, 401);
    assert_eq!(app.refresh(&idle.refresh).await.code(), "invalid_grant");
    assert_eq!(app.refresh(&used.refresh).await.status, 200);
    for tokens in &opened {
        assert_eq!(app.me(&tokens.access).await.status, 200);
    }
    assert_eq!(app.me(&bob.access).await.status, 200);
    let list = app.get("/users/me/sessions?ended=true", Some(&opened[0].access)).await.json();
    let ended: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|session| &session["end_reason"])
        .filter(|reason| !reason.is_null())
        .collect();
    assert_eq!(ended, ["too_many_sessions"]);
}
