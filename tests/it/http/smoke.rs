use crate::support::TestApp;

#[actix_web::test]
async fn somebody_registers_logs_in_and_asks_who_they_are() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;

    let answer = app.me(&tokens.access).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["username"], "alice");
    assert!(!answer.body.contains("hash"));
}
