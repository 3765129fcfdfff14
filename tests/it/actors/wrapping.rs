//! Secrets under an encryption key: all of them under one, or none, and nothing left in the clear.

use std::{path::PathBuf, sync::Arc};

use sekisho::{
    actors::{
        Limits,
        db::{Db, FindKeys, FindSecretRows, InsertKey, ReplaceSecretRows, RevokeKey, sqlite::DbFile},
        maintenance::{KeyringError, rewrap_secrets, rotate_keys, wrap_secrets},
        token::new_key_row,
    },
    config::Database,
    domain::{Algorithm, KeyId, KeyWrap, OpenError, Random, Rewrapped},
};
use tempfile::TempDir;

use super::probes::Run;
use crate::support::{START, SendToDb, at_start};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn wrap(key: &str) -> KeyWrap {
    KeyWrap::parse(key).unwrap()
}

/// A database with two signing keys in the clear.
struct Scene {
    directory: TempDir,
    file: Arc<DbFile>,
    db: Db,
}

impl Scene {
    async fn set() -> Self {
        let directory = TempDir::new().unwrap();
        let (file, db) = open(directory.path().join("test.db"));
        let scene = Self { directory, file, db };
        for _ in 0..2 {
            scene.rotate(&KeyWrap::in_the_clear()).await.unwrap();
        }
        scene
    }

    async fn rotate(&self, key_wrap: &KeyWrap) -> Result<(), KeyringError> {
        let maker = (key_wrap, &Random::System);
        rotate_keys(&self.db, Algorithm::Es256, true, &at_start(), maker).await.map(|_| ())
    }

    /// The keys that wrapped the stored secrets.
    async fn wrapped_by(&self) -> Vec<Option<KeyId>> {
        let rows = self.db.send(FindSecretRows).await.unwrap();
        rows.iter().map(|row| row.secret.wrapped_by()).collect()
    }

    /// Simulates a restart of the process.
    async fn restart(self) -> Self {
        self.db.close().await.unwrap();
        let (file, db) = open(self.directory.path().join("test.db"));
        Self { directory: self.directory, file, db }
    }
}

fn open(path: PathBuf) -> (Arc<DbFile>, Db) {
    let file = Arc::new(DbFile::open(&Database::File(path)).unwrap());
    let db = Db::sqlite(Arc::clone(&file), Limits { in_flight: 100, deadline: None });
    (file, db)
}

#[actix_web::test]
async fn what_was_encrypted_is_rewritten_even_if_the_process_ended_before() {
    let scene = Scene::set().await;
    assert_eq!(scene.file.scrub_if_due(), Ok(false), "a new database holds nothing of before");

    let wrapped = wrap_secrets(&scene.db, &wrap(KEY), &at_start()).await.unwrap();
    let scene = scene.restart().await;

    assert_eq!(wrapped, 2);
    assert_eq!(scene.file.scrub_if_due(), Ok(true));
    assert_eq!(scene.file.scrub_if_due(), Ok(false));
    assert_eq!(scene.wrapped_by().await, [wrap(KEY).key_id(); 2]);
}

#[actix_web::test]
async fn secrets_that_are_wrapped_stay_as_they_are() {
    let scene = Scene::set().await;
    wrap_secrets(&scene.db, &wrap(KEY), &at_start()).await.unwrap();
    let before = scene.db.send(FindSecretRows).await.unwrap();

    let again = wrap_secrets(&scene.db, &wrap(KEY), &at_start()).await.unwrap();
    let by_another = wrap_secrets(&scene.db, &wrap(OTHER), &at_start()).await.unwrap();
    let without = wrap_secrets(&scene.db, &KeyWrap::in_the_clear(), &at_start()).await.unwrap();

    assert_eq!((again, by_another, without), (0, 0, 0));
    assert_eq!(scene.db.send(FindSecretRows).await.unwrap(), before);
}

#[actix_web::test]
async fn two_processes_that_wrap_at_once_wrap_each_secret_once() {
    let scene = Scene::set().await;
    let key = wrap(KEY);

    let (one, other) = futures_util::future::join(
        wrap_secrets(&scene.db, &key, &at_start()),
        wrap_secrets(&scene.db, &key, &at_start()),
    )
    .await;

    assert_eq!(one.unwrap() + other.unwrap(), 2);
    assert_eq!(scene.wrapped_by().await, [key.key_id(); 2]);
}

#[actix_web::test]
async fn a_secret_that_is_stored_otherwise_than_those_that_are_there_is_refused() {
    let scene = Scene::set().await;
    wrap_secrets(&scene.db, &wrap(KEY), &at_start()).await.unwrap();
    let before = scene.db.send(FindSecretRows).await.unwrap();

    for key_wrap in [KeyWrap::in_the_clear(), wrap(OTHER)] {
        let refused = scene.rotate(&key_wrap).await;
        assert!(matches!(refused, Err(KeyringError::StoredOtherwise(_))), "{refused:?}");

        let kid = scene.db.send(FindKeys).await.unwrap().keys.pop().unwrap().kid;
        let successor = new_key_row(Algorithm::Es256, (&key_wrap, &Random::System), START, START).unwrap();
        let revoke = RevokeKey { kid, successor };
        assert!(scene.db.send(revoke).await.unwrap().is_err());
    }
    assert_eq!(scene.db.send(FindSecretRows).await.unwrap(), before);
}

#[actix_web::test]
async fn secrets_are_replaced_all_at_once_or_not_at_all() {
    let scene = Scene::set().await;
    let (clear, key) = (KeyWrap::in_the_clear(), wrap(KEY));
    let replaced = |count: usize, db: &Db| {
        let (db, clear, key) = (db.clone(), clear.clone(), key.clone());
        async move {
            let rows = db.send(FindSecretRows).await.unwrap().into_iter().take(count);
            let rows = rows.map(|row| {
                let secret = clear.open(&row.location, &row.secret).unwrap();
                let after = key.wrap(&row.location, &secret).unwrap();
                Rewrapped { location: row.location, before: row.secret, after }
            });
            ReplaceSecretRows { rows: rows.collect() }
        }
    };

    let of_some = replaced(1, &scene.db).await;
    let outdated = replaced(2, &scene.db).await;
    scene.rotate(&clear).await.unwrap();

    assert!(!scene.db.send(of_some).await.unwrap());
    assert!(!scene.db.send(outdated).await.unwrap());
    assert_eq!(scene.wrapped_by().await, [None; 3]);
}

#[actix_web::test]
async fn one_damaged_secret_keeps_all_as_they_are() {
    let scene = Scene::set().await;
    wrap_secrets(&scene.db, &wrap(KEY), &at_start()).await.unwrap();
    let sql = "UPDATE signing_keys SET private_key = CAST(substr(private_key, 1, 40) || x'00' AS BLOB)
               WHERE kid = (SELECT max(kid) FROM signing_keys)";
    scene.db.send(Run(sql.to_owned())).await.unwrap();
    let before = scene.db.send(FindSecretRows).await.unwrap();

    let refused = rewrap_secrets(&scene.db, &wrap(KEY), &wrap(OTHER), &at_start()).await;

    assert!(matches!(refused, Err(KeyringError::Open(OpenError::Damaged { .. }))), "{refused:?}");
    assert_eq!(scene.db.send(FindSecretRows).await.unwrap(), before);
}

#[actix_web::test]
async fn a_key_that_is_added_meanwhile_is_wrapped_as_well() {
    let scene = Scene::set().await;
    let key = wrap(KEY);
    let clear = KeyWrap::in_the_clear();
    let fresh = new_key_row(Algorithm::EdDsa, (&clear, &Random::System), START, START).unwrap();
    let newest = scene.db.send(FindKeys).await.unwrap().keys.pop().map(|key| key.kid);

    let (wrapped, added) = futures_util::future::join(
        wrap_secrets(&scene.db, &key, &at_start()),
        scene.db.send(InsertKey { key: fresh, newest }),
    )
    .await;

    let (wrapped, added) = (wrapped.unwrap(), added.unwrap());
    assert_eq!(wrapped, if added.is_ok() { 3 } else { 2 });
    let stored = scene.wrapped_by().await;
    assert!(stored.iter().all(|stored| *stored == key.key_id()), "{stored:?}");
}
