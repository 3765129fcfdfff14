//! Once: each login left a row for a month, whether its session was alive or not. After hours of logins,
//! deleting the account deleted all the rows in one transaction, and every other request waited for it.

use futures_util::{StreamExt, stream};
use sekisho::config::Database;
use tempfile::TempDir;

use crate::support::TestApp;

#[actix_web::test]
async fn an_account_has_a_bounded_number_of_sessions_that_ended() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("sekisho.db");
    let app = TestApp::start_with(|config| config.database.location = Database::File(path.clone())).await;
    let (bob, phone) = (app.newcomer("bob").await, app.newcomer("mallory").await);

    let mut logins = stream::iter(0..230).map(|_| app.log_in("mallory")).buffer_unordered(8);
    while let Some(tokens) = logins.next().await {
        assert_eq!(app.me(&tokens.access).await.status, 200);
    }

    let db = rusqlite::Connection::open(&path).unwrap();
    let count =
        "SELECT count(*) FROM sessions WHERE user_id = (SELECT id FROM users WHERE username = 'mallory')";
    let rows: i64 = db.query_row(count, [], |row| row.get(0)).unwrap();
    assert!(rows <= 200, "{rows} sessions are kept");
    // The visible sessions are all there, and other users' sessions were not touched.
    let newest = app.log_in("mallory").await;
    let list = app.get("/users/me/sessions?ended=true", Some(&newest.access)).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 200);
    assert_eq!(app.sessions(&newest.access).await.len(), 100);
    assert_eq!(app.refresh(&phone.refresh).await.code(), "invalid_grant");
    assert_eq!(app.me(&bob.access).await.status, 200);
}
