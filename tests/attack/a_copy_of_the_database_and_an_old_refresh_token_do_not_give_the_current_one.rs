//! Once: a refresh token was derived from its predecessor only with a secret that is in the database and in
//! every backup. So a backup and one old token of any age yielded the current one.

use std::{fs, path::Path, sync::Arc, time::Duration};

use aws_lc_rs::{digest, hmac};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rusqlite::Connection;
use sekisho::{
    actors::{
        db::sqlite::{DbFile, back_up},
        maintenance::RunMaintenance,
    },
    config::Database,
};
use tempfile::TempDir;

use crate::support::{TestApp, Tokens};

/// A thief with a file and the values in it: the secret of refresh tokens and the hash of the session's
/// current one.
struct Thief {
    file: Vec<u8>,
    derive: hmac::Key,
    current: Vec<u8>,
}

impl Thief {
    fn with(path: &Path) -> Self {
        let log = path.with_extension("db-wal");
        let log = if log.exists() { fs::read(log).unwrap() } else { Vec::new() };
        let file = [fs::read(path).unwrap(), log].concat();
        let db = Connection::open(path).unwrap();
        let secret: Vec<u8> =
            db.query_one("SELECT value FROM secrets WHERE name = 'refresh'", [], |row| row.get(0)).unwrap();
        let current = db.query_one("SELECT refresh_hash FROM sessions", [], |row| row.get(0)).unwrap();
        let root = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let derive =
            hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, b"refresh token successor").as_ref());
        Self { file, derive, current }
    }

    /// Whether the current token can be derived from an old one, with any bytes of the file as the other
    /// input of the derivation, or with none.
    fn derives_the_current_from(&self, token: &str) -> bool {
        let token = BASE64_URL_SAFE_NO_PAD.decode(token).unwrap();
        let session_and_secret = &token[1..41];
        let gives_current = |salt: &[u8]| {
            let mut context = hmac::Context::with_key(&self.derive);
            context.update(session_and_secret);
            context.update(salt);
            digest::digest(&digest::SHA256, context.sign().as_ref()).as_ref() == self.current
        };
        gives_current(&[]) || self.file.windows(16).any(gives_current)
    }
}

/// A copy as `sekisho backup` makes it.
fn backup(database: &Path, name: &str) -> Thief {
    let copy = database.with_file_name(name);
    let file = DbFile::open_existing(&Database::File(database.to_owned())).unwrap();
    back_up(&file, &copy, |_| Ok(())).unwrap();
    Thief::with(&copy)
}

#[actix_web::test]
async fn after_the_grace_no_old_token_leads_to_the_current_one() {
    let directory = TempDir::new().unwrap();
    let path = Arc::new(directory.path().join("sekisho.db"));
    let location = Database::File(path.to_path_buf());
    let app = TestApp::start_with(|config| config.database.location = location).await;
    let mut tokens = app.newcomer("alice").await;
    let mut old = Vec::new();
    for _ in 0..4 {
        app.clock.advance(Duration::from_mins(1));
        old.push(tokens.refresh.clone());
        tokens = Tokens::of(&app.refresh(&tokens.refresh).await);
    }
    let last = &old[3];

    // Within the grace period the last token leads to the current one, so that a retry can be answered. So
    // the attack works on the file…
    assert!(Thief::with(&path).derives_the_current_from(last));
    assert!(!Thief::with(&path).derives_the_current_from(&old[2]));
    // …but not on a backup, which leaves the salts out.
    assert!(!backup(&path, "within.db").derives_the_current_from(last));

    // The maintenance passes the session, and empties the log once a minute.
    for _ in 0..3 {
        app.clock.advance(Duration::from_mins(1));
        app.sekisho.maintenance().ask(RunMaintenance).await.unwrap();
    }

    let (after, backup_after) = (Thief::with(&path), backup(&path, "after.db"));
    for token in &old {
        assert!(!after.derives_the_current_from(token));
        assert!(!backup_after.derives_the_current_from(token));
    }
    assert_eq!(app.refresh(&tokens.refresh).await.status, 200);
}
