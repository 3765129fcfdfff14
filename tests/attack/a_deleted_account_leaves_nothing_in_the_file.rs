//! Once: the address and the hash of a deleted account stayed in the file, and so in every backup.

use actix_web::http::{Method, StatusCode};
use sekisho::{actors::db::sqlite::back_up, config::Database};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{PASSWORD, TestApp};

#[actix_web::test]
async fn nor_in_a_backup() {
    let directory = TempDir::new().unwrap();
    let (path, copy) = (directory.path().join("sekisho.db"), directory.path().join("copy.db"));
    let app = TestApp::start_with(|config| config.database.location = Database::File(path.clone())).await;
    app.newcomer("alice").await;
    let bob = app.newcomer("bob").await;
    let db = rusqlite::Connection::open(&path).unwrap();
    let hash = "SELECT password_hash FROM users WHERE username = 'bob'";
    let hash: String = db.query_row(hash, [], |row| row.get(0)).unwrap();

    let body = json!({ "password": PASSWORD });
    let deleted = app.send_json(Method::DELETE, "/users/me", Some(&bob.access), &body).await;
    let file = sekisho::actors::db::sqlite::DbFile::open_existing(&Database::File(path.clone())).unwrap();
    back_up(&file, &copy, |_| Ok(())).unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();

    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    for path in [&path, &copy] {
        let bytes = std::fs::read(path).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|found| found == text.as_bytes());
        assert!(holds("alice@example.com"), "the test looks in the wrong location");
        assert!(!holds("bob@example.com") && !holds(&hash), "{}", path.display());
    }
}
