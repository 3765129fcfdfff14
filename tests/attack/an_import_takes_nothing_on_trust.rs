//! Once: the file of an import could block registration, take names and numbers of existing users, and keep
//! the command busy for ever.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use rusqlite::Connection;
use sekisho::actors::db::{ImportReport, ImportUsers, sqlite::read_tutorial_database};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{PASSWORD, TestApp};

/// Imports every valid user from a table `user` with these rows, beside the running server.
async fn import(app: &TestApp, rows: &str) -> ImportReport {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("tutorial.db");
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute_batch(&format!(
        r#"CREATE TABLE "user" (id INTEGER PRIMARY KEY, username TEXT, email TEXT, hashed_password TEXT);
           INSERT INTO "user" (id, username, email) VALUES {rows};
           UPDATE "user" SET hashed_password = '{hash}';"#
    ))
    .unwrap();
    let users = read_tutorial_database(&path).unwrap();
    let import = ImportUsers { users, skip_invalid: true, dry_run: false };
    app.ask_db(import).await.unwrap()
}

#[actix_web::test]
async fn the_greatest_number_there_is_does_not_end_registration() {
    let app = TestApp::start().await;

    let report = import(&app, "(9223372036854775807, 'mallory', 'mallory@example.com')").await;

    assert_eq!((report.imported, report.problems.len()), (0, 1));
    let registered = app.register("alice").await;
    assert_eq!(registered.status, StatusCode::CREATED);
    assert_eq!(registered.json()["id"], 1);
}

#[actix_web::test]
async fn no_imported_username_stands_before_somebodys_address() {
    let app = TestApp::start().await;
    app.register("alice").await;

    let report = import(
        &app,
        "(5, 'alice@example.com', 'mallory@example.com'), (6, 'bob@example.com', 'mallory2@example.com')",
    )
    .await;

    assert_eq!((report.imported, report.problems.len()), (1, 1));
    let me = app.me(&app.log_in("ALICE@example.com").await.access).await;
    assert_eq!(me.json()["username"], "alice");
    // It cannot be known whose address it is, but no user gets an account whose address leads to another's.
    assert_eq!(app.register("bob").await.code(), "email_taken");
}

#[actix_web::test]
async fn a_deleted_users_number_is_not_given_to_an_imported_one() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;
    let id = app.id_of(&tokens.access).await;
    let deleted = app
        .send_json(
            actix_web::http::Method::DELETE,
            "/users/me",
            Some(&tokens.access),
            &json!({ "password": PASSWORD }),
        )
        .await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);

    let report = import(&app, &format!("({id}, 'mallory', 'mallory@example.com')")).await;

    assert_eq!((report.imported, report.problems.len()), (0, 1));
    assert_eq!(app.try_log_in("mallory", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
}

#[test]
fn a_view_without_end_is_not_read() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("tutorial.db");
    let endless = r#"CREATE VIEW "user" AS WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
                     SELECT id, 'u' || id username, 'e' || id email, 'h' hashed_password FROM n;"#;
    Connection::open(&path).unwrap().execute_batch(endless).unwrap();

    let began = Instant::now();
    let refused = read_tutorial_database(&path).unwrap_err();

    assert!(refused.contains("user is not an ordinary table"), "{refused}");
    assert!(began.elapsed() < Duration::from_secs(10));
}
