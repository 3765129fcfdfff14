//! Many refreshes in one message: each has its own answer, and all are rolled back together.

use std::time::Duration;

use rusqlite::Connection;
use sekisho::{
    actors::db::{DbError, Request, RotateSession, RotateSessions},
    config::Config,
    domain::{
        Context, Derivation, OriginFingerprint, RefreshAttempt, Rotation, Salt, Scope, SecretHash, SessionId,
    },
};

use super::probes::{LoneDatabase, Run};
use crate::support::{START, SendToDb, at_start};

fn rotation(id: i64, presented: u8) -> Request<RotateSession> {
    let message = RotateSession {
        id: SessionId(id),
        attempt: RefreshAttempt {
            presented: SecretHash([presented; 32]),
            from: OriginFingerprint::default(),
            successor: SecretHash([presented + 1; 32]),
            derivation: Derivation { version: 0, salt: Some(Salt([presented; 16])) },
            requested: Scope::default(),
            rules: Config::default().session.rules(),
        },
    };
    Request { message, context: at_start() }
}

/// A database with sessions 1 to 3 of one user, whose current secrets have the hash 0.
async fn three_sessions() -> LoneDatabase {
    let database = LoneDatabase::start();
    let fill = "INSERT INTO users (email, email_key, username, username_key, password_hash, role, created_at)
         VALUES ('a', 'a', 'a', 'a', '', 'user', 0);
         INSERT INTO sessions (user_id, refresh_hash, scope, created_at, last_used_at, expires_at)
         SELECT 1, zeroblob(32), 'user', 1795331700000, 0, 9000000000000
         FROM (VALUES (1), (2), (3))";
    database.db.send(Run(fill.to_owned())).await.unwrap();
    database
}

/// The first byte of each session's current hash, as another connection sees it.
fn current(database: &LoneDatabase) -> Vec<u8> {
    let db = Connection::open(database.path()).unwrap();
    let mut select = db.prepare("SELECT refresh_hash FROM sessions ORDER BY id").unwrap();
    let rows = select.query_map([], |row| row.get::<_, [u8; 32]>(0)).unwrap();
    rows.map(|hash| hash.unwrap()[0]).collect()
}

#[actix_web::test]
async fn of_several_rotations_of_one_session_in_a_group_the_later_follow_the_first() {
    let database = three_sessions().await;

    let rotations = vec![rotation(1, 0), rotation(1, 0), rotation(1, 1), rotation(1, 0)];
    let answers = database.db.send(RotateSessions { rotations }).await.unwrap();

    let steps = |answer: &Result<Rotation, DbError>| match answer {
        Ok(Rotation::Rotated { .. }) => 0,
        Ok(Rotation::Replayed { derivations, .. }) => derivations.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(answers.iter().map(steps).collect::<Vec<_>>(), [0, 1, 0, 2]);
    assert_eq!(current(&database), [2, 0, 0]);
}

#[actix_web::test]
async fn each_rotation_of_a_group_happens_at_the_time_of_its_own_request() {
    let database = three_sessions().await;
    let later = START + Duration::from_secs(1);
    let second = Request { context: Context::system(later), ..rotation(2, 0) };

    let rotations = vec![rotation(1, 0), second];
    database.db.send(RotateSessions { rotations }).await.unwrap();

    let db = Connection::open(database.path()).unwrap();
    let mut select = db.prepare("SELECT last_used_at FROM sessions WHERE id <= 2 ORDER BY id").unwrap();
    let used: Vec<i64> = select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(used, [START.as_millis(), later.as_millis()]);
}

#[actix_web::test]
async fn a_group_whose_transaction_sqlite_gives_up_is_undone_and_fails_as_a_whole() {
    let database = three_sessions().await;
    // What a full disk or an I/O error makes SQLite do, in the middle of the group.
    let give_up = "CREATE TEMP TRIGGER give_up BEFORE UPDATE ON sessions WHEN new.id = 2
         BEGIN SELECT raise(ROLLBACK, 'given up'); END";
    database.db.send(Run(give_up.to_owned())).await.unwrap();

    let rotations = vec![rotation(1, 0), rotation(2, 0), rotation(3, 0)];
    let failed = database.db.send(RotateSessions { rotations }).await;

    assert!(matches!(failed, Err(DbError::Other(reason)) if reason.contains("given up")));
    assert_eq!(current(&database), [0, 0, 0]);
    // A retry succeeds.
    let rotations = vec![rotation(1, 0), rotation(3, 0)];
    assert!(database.db.send(RotateSessions { rotations }).await.unwrap().iter().all(Result::is_ok));
    assert_eq!(current(&database), [1, 0, 1]);
}

#[actix_web::test]
async fn a_full_disk_in_the_middle_of_a_group_undoes_all_of_it() {
    let database = three_sessions().await;
    // The rows are so long that a page has room for few of them, and no page is left for a row that grows.
    let grow = "UPDATE sessions SET user_agent = printf('%1200c', 'x');
         PRAGMA max_page_count = 1";
    database.db.send(Run(grow.to_owned())).await.unwrap();

    let mut failures = 0;
    for presented in 0..40 {
        let before = current(&database);
        let rotations = (1..=3).map(|id| rotation(id, presented)).collect();
        match database.db.send(RotateSessions { rotations }).await {
            Ok(answers) => assert!(answers.iter().all(Result::is_ok), "{answers:?}"),
            Err(error) => {
                assert_eq!(error, DbError::Full);
                assert_eq!(current(&database), before);
                failures += 1;
                break;
            }
        }
    }

    assert_eq!(failures, 1, "the disk was never full");
}
