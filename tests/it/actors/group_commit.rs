//! Group commit: which messages share a COMMIT, what makes one fail, and what each sender is told.
//!
//! A message that holds the database's thread lets writes queue up behind it. The queued writes are then one
//! batch.

use actix_web::rt::task::JoinHandle;
use futures_util::future::join_all;
use rusqlite::Connection;
use sekisho::{
    actors::{
        Pinger,
        db::{DbError, InsertUser, NameConflict},
    },
    domain::{Email, PasswordHash, Role, Username},
};

use super::{
    probes::{
        CountNames, Held, HoldAndWrite, HoldDatabase, LoneDatabase, ReadAndPanic, ReadPragma, Run,
        WriteAndPanic, write, write_and_fail, write_what_cannot_be_committed,
    },
    steps::{begin, settle},
};
use crate::support::SendToDb;

type Answer<T> = JoinHandle<Result<T, DbError>>;

/// Holds the database's thread.
async fn hold(database: &LoneDatabase) -> (Held, Answer<()>) {
    let (message, mut held) = HoldDatabase::new();
    let db = database.db.clone();
    let answer = begin(async move { db.send(message).await }).await;
    held.entered().await;
    (held, answer)
}

/// Queues a message behind all earlier ones.
macro_rules! queue {
    ($database:expr, $message:expr) => {{
        let (db, message) = ($database.db.clone(), $message);
        begin(async move { db.send(message).await }).await
    }};
}

fn insert_user(name: &str) -> InsertUser {
    InsertUser {
        email: Email::parse(&format!("{name}@example.com")).unwrap(),
        username: Username::parse(name).unwrap(),
        password_hash: PasswordHash::new(String::new()),
        role: Role::User,
    }
}

#[actix_web::test]
async fn a_commit_is_durable_when_it_is_answered_on_every_connection_there_is() {
    let database = LoneDatabase::start();

    for _ in 0..2 {
        // The system still writes what a killed process has handed to it; only FULL (2) survives a power cut.
        for (name, value) in [("synchronous", "2"), ("journal_mode", "wal"), ("foreign_keys", "1")] {
            assert_eq!(database.db.send(ReadPragma(name)).await.as_deref(), Ok(value), "{name}");
        }
        // The next round sees the connection that the restarted actor opens.
        assert_eq!(database.db.send(ReadAndPanic).await, Err(DbError::Panicked));
    }
}

#[actix_web::test]
async fn writes_that_queued_up_behind_another_share_one_commit() {
    let database = LoneDatabase::start();
    database.db.send(write("first")).await.unwrap();
    let before = database.commits();
    let (held, _) = hold(&database).await;
    let mut writes = Vec::new();
    for number in 0..50 {
        writes.push(queue!(database, write(&format!("n{number:02}"))));
    }

    held.release();
    let answers = join_all(writes).await;

    assert!(answers.into_iter().all(|answer| answer.unwrap().is_ok()));
    assert_eq!(database.commits() - before, 1);
    assert_eq!(database.committed().len(), 51);
}

#[actix_web::test]
async fn an_idle_database_commits_each_write_at_once() {
    let database = LoneDatabase::start();
    database.db.send(write("first")).await.unwrap();
    let before = database.commits();

    for number in 0..5 {
        database.db.send(write(&format!("n{number}"))).await.unwrap();
    }

    assert_eq!(database.commits() - before, 5);
}

#[actix_web::test]
async fn a_message_that_fails_undoes_itself_and_no_other() {
    let database = LoneDatabase::start();
    let (held, _) = hold(&database).await;
    let before = queue!(database, write("before"));
    let failing = queue!(database, write_and_fail("half"));
    let after = queue!(database, write("after"));

    held.release();

    assert_eq!(before.await.unwrap(), Ok(()));
    assert!(matches!(failing.await.unwrap(), Err(DbError::Other(_))));
    assert_eq!(after.await.unwrap(), Ok(()));
    assert_eq!(database.committed(), ["after", "before"]);
}

#[actix_web::test]
async fn a_commit_that_fails_fails_every_answer_that_rests_on_it() {
    let database = LoneDatabase::start();
    database.db.send(insert_user("alice")).await.unwrap().unwrap();
    let (held, _) = hold(&database).await;
    let before = queue!(database, write("before"));
    let bob = queue!(database, insert_user("bob"));
    let fatal = queue!(database, write_what_cannot_be_committed("fatal"));
    let duplicate_of_bob = queue!(database, insert_user("BOB"));
    let read = queue!(database, CountNames);

    held.release();

    let failed = |error: &DbError| matches!(error, DbError::Other(reason) if reason.contains("FOREIGN KEY"));
    assert!(before.await.unwrap().is_err_and(|error| failed(&error)));
    assert!(bob.await.unwrap().is_err_and(|error| failed(&error)));
    assert!(fatal.await.unwrap().is_err_and(|error| failed(&error)));
    // Both had read a row that was rolled back.
    assert!(duplicate_of_bob.await.unwrap().is_err_and(|error| failed(&error)));
    assert!(read.await.unwrap().is_err_and(|error| failed(&error)));
    assert_eq!(database.committed(), [""; 0]);
    // And the next batch is not affected.
    assert_eq!(database.db.send(insert_user("bob")).await.unwrap().map(|bob| bob.id.0), Ok(2));
    assert_eq!(database.db.send(insert_user("ALICE")).await.unwrap(), Err(NameConflict::Email));
}

#[actix_web::test]
async fn a_panic_in_a_batch_answers_everybody_and_the_actor_works_again() {
    let database = LoneDatabase::start();
    database.db.send(write("kept")).await.unwrap();
    let (held, _) = hold(&database).await;
    let before = queue!(database, write("before"));
    let read = queue!(database, CountNames);
    let panicking = queue!(database, WriteAndPanic("never"));
    let after = queue!(database, write("after"));

    held.release();

    assert_eq!(before.await.unwrap(), Err(DbError::Panicked));
    assert_eq!(read.await.unwrap(), Err(DbError::Panicked));
    assert_eq!(panicking.await.unwrap(), Err(DbError::Panicked));
    assert_eq!(after.await.unwrap(), Ok(()));
    assert_eq!(database.committed(), ["after", "kept"]);
}

#[actix_web::test]
async fn the_actor_survives_any_number_of_panics() {
    let database = LoneDatabase::start();

    for number in 0..20 {
        assert_eq!(database.db.send(ReadAndPanic).await, Err(DbError::Panicked));
        assert_eq!(database.db.send(WriteAndPanic("never")).await, Err(DbError::Panicked));
        assert_eq!(database.db.send(write(&format!("n{number:02}"))).await, Ok(()));
    }

    assert_eq!(database.committed().len(), 20);
    assert_eq!(Pinger::from(&database.db).ping().await, Ok(()));
}

#[actix_web::test]
async fn a_panic_in_a_read_fails_the_batch_that_it_stands_in() {
    let database = LoneDatabase::start();
    let (held, _) = hold(&database).await;
    let before = queue!(database, write("before"));
    let panicking = queue!(database, ReadAndPanic);

    held.release();

    assert_eq!(panicking.await.unwrap(), Err(DbError::Panicked));
    assert_eq!(before.await.unwrap(), Err(DbError::Panicked));
    assert_eq!(database.committed(), [""; 0]);
}

#[actix_web::test]
async fn nobody_is_answered_before_the_commit() {
    let database = LoneDatabase::start();
    let (held, _) = hold(&database).await;
    let first = queue!(database, write("first"));
    let read = queue!(database, CountNames);
    let (second, mut second_held) = HoldAndWrite::new("second");
    let second = queue!(database, second);

    held.release();
    // Now the batch is open: the first has written, the second is about to.
    second_held.entered().await;
    settle().await;

    assert!(!first.is_finished() && !read.is_finished());
    assert_eq!(database.committed(), [""; 0]);

    second_held.release();

    assert_eq!(first.await.unwrap(), Ok(()));
    assert_eq!(read.await.unwrap(), Ok(1));
    assert_eq!(second.await.unwrap(), Ok(()));
    assert_eq!(database.committed(), ["first", "second"]);
}

#[actix_web::test]
async fn what_was_acknowledged_is_there_for_everybody() {
    let database = LoneDatabase::start();
    let path = database.path();

    let writers = (0..200).map(|number| {
        let (db, path) = (database.db.clone(), path.clone());
        actix_web::rt::spawn(async move {
            let name = format!("n{number:03}");
            db.send(write(&name)).await.unwrap();
            let other = Connection::open(path).unwrap();
            other
                .prepare("SELECT 1 FROM retired_usernames WHERE username_key = ?1")
                .unwrap()
                .exists([name])
                .unwrap()
        })
    });

    assert!(join_all(writers).await.into_iter().all(Result::unwrap));
}

#[actix_web::test]
async fn a_full_disk_loses_nothing_acknowledged_and_is_over_when_there_is_room() {
    let database = LoneDatabase::start();
    database.db.send(write("kept")).await.unwrap();
    // The limit cannot be below the current size, so there is no room at all.
    database.db.send(Run("PRAGMA max_page_count = 1".to_owned())).await.unwrap();
    let (held, _) = hold(&database).await;
    let small = queue!(database, write("small"));
    let large = Run("INSERT INTO secrets (name, value) VALUES ('large', zeroblob(1000000))".to_owned());
    let large = queue!(database, large);
    let later = queue!(database, write("later"));

    held.release();
    let (small, large, later) = (small.await.unwrap(), large.await.unwrap(), later.await.unwrap());

    assert_eq!(large, Err(DbError::Full));
    let committed = database.committed();
    for (name, answer) in [("kept", Ok(())), ("small", small), ("later", later)] {
        assert_eq!(committed.iter().any(|found| found == name), answer.is_ok(), "{name}: {answer:?}");
    }

    database.db.send(Run("PRAGMA max_page_count = 4294967294".to_owned())).await.unwrap();
    let large = Run("INSERT INTO secrets (name, value) VALUES ('large', zeroblob(1000000))".to_owned());
    assert_eq!(database.db.send(large).await, Ok(()));
}

#[actix_web::test]
async fn another_process_that_holds_the_database_is_waited_for_and_then_told() {
    let database = LoneDatabase::start();
    let other = Connection::open(database.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    // Messages right after the first do not wait as long again.
    for _ in 0..3 {
        assert_eq!(database.db.send(write("held")).await, Err(DbError::Locked));
    }
    assert_eq!(database.db.send(CountNames).await, Ok(0));

    other.execute_batch("COMMIT").unwrap();
    assert_eq!(database.db.send(write("free")).await, Ok(()));
    assert_eq!(database.committed(), ["free"]);
}

#[actix_web::test]
async fn what_queued_up_before_the_end_is_kept_and_what_comes_after_is_refused() {
    let database = LoneDatabase::start();
    let (held, _) = hold(&database).await;
    let before = queue!(database, write("before"));
    let db = database.db.clone();
    let close = begin(async move { db.close().await }).await;
    let after = queue!(database, write("after"));
    let read = queue!(database, CountNames);

    held.release();

    assert_eq!(before.await.unwrap(), Ok(()));
    assert_eq!(close.await.unwrap(), Ok(()));
    assert_eq!(after.await.unwrap(), Err(DbError::Closed));
    assert_eq!(read.await.unwrap(), Err(DbError::Closed));
    assert!(Pinger::from(&database.db).ping().await.is_err());
    assert_eq!(database.db.send(ReadAndPanic).await, Err(DbError::Closed));
    assert_eq!(database.db.send(write("later")).await, Err(DbError::Closed));
    assert_eq!(database.committed(), ["before"]);
}
