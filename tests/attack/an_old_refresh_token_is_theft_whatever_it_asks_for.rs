//! Once: an old refresh token that asked for a scope too many was answered `invalid_scope` while its session
//! was alive, without consequences. So a thief could watch a session unnoticed.

use std::time::Duration;

use crate::support::{TestApp, Tokens};

#[actix_web::test]
async fn a_token_replaced_before_the_grace_ends_its_session_with_any_scope() {
    for scope in ["", "user", "admin", "user admin"] {
        let app = TestApp::start().await;
        let stolen = app.newcomer("alice").await;
        let current = Tokens::of(&app.refresh(&stolen.refresh).await);
        app.clock.advance(Duration::from_secs(11));

        let fields = [("grant_type", "refresh_token"), ("refresh_token", &*stolen.refresh), ("scope", scope)];
        let answer = app.form("/token", &fields).await;

        assert_eq!((answer.status.as_u16(), &*answer.code()), (401, "refresh_token_reused"), "{scope}");
        assert_eq!(answer.json()["error"], "invalid_grant", "{scope}");
        assert_eq!(answer.json()["detail"], answer.json()["error_description"], "{scope}");
        assert_eq!(app.me(&current.access).await.status, 401, "{scope}");
        assert_eq!(app.refresh(&current.refresh).await.status, 401, "{scope}");
    }
}

#[actix_web::test]
async fn a_scope_too_many_changes_nothing_for_the_current_token_and_for_one_within_the_grace() {
    let app = TestApp::start().await;
    let first = app.newcomer("alice").await;
    let with_admin = async |token: &str| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", "admin")];
        app.form("/token", &fields).await.code()
    };

    assert_eq!(with_admin(&first.refresh).await, "invalid_scope");
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    assert_eq!(with_admin(&first.refresh).await, "invalid_scope");

    assert_eq!(Tokens::of(&app.refresh(&first.refresh).await).refresh, second.refresh);
    app.clock.advance(Duration::from_hours(1));
    assert_eq!(app.refresh(&second.refresh).await.status, 200);
}
