//! Once: anyone with a copy of the database, of its log or of a backup could sign tokens for any user.

use std::{collections::HashSet, fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use actix_web::http::StatusCode;
use rusqlite::Connection;
use sekisho::config::Database;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{START, TestApp, Tokens};

/// A database from an earlier version, with its secrets in the clear, and its tokens.
fn database_of_before(directory: &Path) -> (std::path::PathBuf, Value) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema-0001");
    let path = directory.join("sekisho.db");
    fs::copy(fixture.join("sekisho.db"), &path).unwrap();
    let tokens = fs::read_to_string(fixture.join("tokens.json")).unwrap();
    (path, serde_json::from_str(&tokens).unwrap())
}

/// Every sequence of 16 bytes in one of the secrets.
fn pieces_of_secrets(path: &Path) -> HashSet<Vec<u8>> {
    let db = Connection::open(path).unwrap();
    let mut secrets =
        db.prepare("SELECT private_key FROM signing_keys UNION ALL SELECT value FROM secrets").unwrap();
    let secrets: Vec<Vec<u8>> =
        secrets.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    assert!(secrets.len() >= 2);
    secrets.iter().flat_map(|secret| secret.windows(16).map(<[u8]>::to_vec)).collect()
}

/// The number of places in the file, its log and the log's index that contain a piece of a secret.
fn found(pieces: &HashSet<Vec<u8>>, path: &Path) -> usize {
    let files = ["", "-wal", "-shm"].map(|suffix| format!("{}{suffix}", path.display()));
    let contents = files.iter().filter_map(|file| fs::read(file).ok());
    contents.map(|bytes| bytes.windows(16).filter(|window| pieces.contains(*window)).count()).sum()
}

async fn start(path: &Path, key: Option<&Path>, made_at: i64) -> TestApp {
    let app = TestApp::start_with(|config| {
        config.database.location = Database::File(path.to_owned());
        config.encryption.key_file = key.map(Path::to_owned);
        config.token.issuer = Some("http://sekisho.test".to_owned());
    })
    .await;
    let since = u64::try_from(made_at - START.as_millis()).unwrap();
    app.clock.advance(Duration::from_millis(since));
    app
}

#[actix_web::test]
async fn neither_file_nor_log_holds_what_signs_and_the_tokens_of_before_go_on() {
    let directory = TempDir::new().unwrap();
    let (path, tokens) = database_of_before(directory.path());
    let pieces = pieces_of_secrets(&path);
    let in_the_clear = found(&pieces, &path);
    let key = directory.path().join("key");
    fs::write(&key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();

    let app = start(&path, Some(&key), tokens["made_at_millis"].as_i64().unwrap()).await;
    let while_it_runs = found(&pieces, &path);
    for token in [
        &tokens["alice_current"]["refresh_token"],
        &tokens["alice_rotated"]["current"],
        &tokens["root_current"]["refresh_token"],
    ] {
        let pair = Tokens::of(&app.refresh(token.as_str().unwrap()).await);
        assert_eq!(app.me(&pair.access).await.status, StatusCode::OK);
    }
    let in_use = found(&pieces, &path);
    app.sekisho.close().await.unwrap();

    assert!(in_the_clear > 100, "the test looks for nothing: {in_the_clear}");
    assert_eq!((while_it_runs, in_use, found(&pieces, &path)), (0, 0, 0));
}

#[actix_web::test]
async fn without_a_key_the_tokens_of_before_go_on_as_well() {
    let directory = TempDir::new().unwrap();
    let (path, tokens) = database_of_before(directory.path());

    let app = start(&path, None, tokens["made_at_millis"].as_i64().unwrap()).await;

    let token = tokens["alice_current"]["refresh_token"].as_str().unwrap();
    let pair = Tokens::of(&app.refresh(token).await);
    assert_eq!(app.me(&pair.access).await.status, StatusCode::OK);
}
