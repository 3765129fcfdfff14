//! A service receives the tokens of all its callers, including administrators. It must not be able to
//! administer Sekisho with them.

use actix_web::http::StatusCode;
use serde_json::json;

use crate::support::TestApp;

#[actix_web::test]
async fn an_administrators_token_for_services_does_not_administer() {
    let app =
        TestApp::start_with(|config| config.token.audiences = vec!["http://orders.test".to_owned()]).await;
    app.administrator("root").await;
    let mallory = app.newcomer("mallory").await;
    let id = app.id_of(&mallory.access).await;
    // The token that an administrator's application gets in order to call another service.
    let sent_to_the_service = app.log_in("root").await.access;

    let promotion =
        app.patch(&format!("/users/{id}"), Some(&sent_to_the_service), &json!({ "role": "admin" })).await;
    let deletion = app.delete(&format!("/users/{id}"), Some(&sent_to_the_service)).await;
    let listed = app.get("/users", Some(&sent_to_the_service)).await;

    assert_eq!((promotion.status.as_u16(), &*promotion.code()), (403, "insufficient_permissions"));
    assert_eq!((deletion.status, listed.status), (StatusCode::FORBIDDEN, StatusCode::FORBIDDEN));
    assert_eq!(app.me(&mallory.access).await.json()["role"], "user");
}

#[actix_web::test]
async fn a_token_that_administers_is_for_no_service() {
    let services = ["http://orders.test".to_owned(), "http://bills.test".to_owned()];
    let app = TestApp::start_with(|config| config.token.audiences = services.to_vec()).await;
    app.administrator("root").await;

    let audiences = async |scope: &str| {
        let token = app.log_in_for("root", scope).await.access;
        super::claims(&token)["aud"].clone()
    };

    let own = json!([app.url("/admin")]);
    assert_eq!(audiences("admin").await, own);
    assert_eq!(audiences("user admin").await, own);
    assert_eq!(audiences("user").await, json!([app.url(""), services[0], services[1]]));
}
