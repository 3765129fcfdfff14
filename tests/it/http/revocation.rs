//! `POST /revoke` (RFC 7009) and `POST /logout`.

use actix_web::http::Method;
use serde_json::json;

use crate::support::TestApp;

#[actix_web::test]
async fn either_token_ends_its_session_at_once_whatever_the_hint() {
    let app = TestApp::start().await;
    app.register("alice").await;
    let witness = app.log_in("alice").await;
    for by_refresh in [true, false] {
        for hint in [None, Some("refresh_token"), Some("access_token"), Some("saml"), Some("")] {
            let tokens = app.log_in("alice").await;
            let token = if by_refresh { &tokens.refresh } else { &tokens.access };
            let mut fields = vec![("token", token.as_str())];
            fields.extend(hint.map(|hint| ("token_type_hint", hint)));

            let answer = app.form("/revoke", &fields).await;

            assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""), "{hint:?}");
            assert_eq!(app.me(&tokens.access).await.code(), "invalid_token", "{hint:?}");
            assert_eq!(app.refresh(&tokens.refresh).await.code(), "invalid_grant", "{hint:?}");
        }
    }
    assert_eq!(app.me(&witness.access).await.status, 200);
    assert_eq!(app.sessions(&witness.access).await.len(), 1);
}

#[actix_web::test]
async fn a_token_that_is_none_is_no_error() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;
    app.form("/revoke", &[("token", &tokens.refresh)]).await;
    for token in ["garbage", "a.b.c", "é\0", &tokens.refresh, &tokens.access, &"x".repeat(60_000)] {
        let answer = app.form("/revoke", &[("token", token)]).await;

        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""));
    }
}

#[actix_web::test]
async fn a_revocation_without_a_token_is_invalid() {
    let app = TestApp::start().await;
    for fields in [&[][..], &[("token", "")], &[("token_type_hint", "access_token")]] {
        let answer = app.form("/revoke", fields).await;

        assert_eq!(answer.status, 422);
        let json = answer.json();
        assert_eq!(
            json["detail"],
            json!([{ "type": "missing", "loc": ["body", "token"], "msg": "Field required" }])
        );
        assert_eq!(json["error"], "invalid_request");
    }
}

#[actix_web::test]
async fn logging_out_ends_the_session_on_the_next_request() {
    let app = TestApp::start().await;
    let (here, there) = (app.newcomer("alice").await, app.log_in("alice").await);

    let answer = app.send(Method::POST, "/logout", Some(&here.access)).await;

    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
    assert_eq!(app.me(&here.access).await.code(), "invalid_token");
    assert_eq!(app.send(Method::POST, "/logout", Some(&here.access)).await.status, 401);
    assert_eq!(app.me(&there.access).await.status, 200);
}
