//! How long a row keeps replaced refresh secrets: while a retry may come, across a restart, and no longer.

use std::time::Duration;

use rusqlite::Connection;
use sekisho::{
    actors::{account::RefreshError, maintenance::RunMaintenance},
    app::{Overrides, Sekisho},
    domain::{EndReason, Random, Role},
};
use tempfile::TempDir;

use super::{
    probes::Run,
    steps::{ends_of, newcomer, refresh},
};
use crate::support::{self, SendToDb, TestActors};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

/// The replaced secrets of a row, in the older and the current format.
pub fn replaced(directory: &TempDir, session: i64) -> (Vec<u8>, Vec<u8>) {
    let db = Connection::open(directory.path().join("test.db")).unwrap();
    let sql = "SELECT spent, replaced FROM sessions WHERE id = ?1";
    db.query_one(sql, [session], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

async fn restart(actors: TestActors) -> TestActors {
    actors.sekisho.close().await.unwrap();
    let TestActors { clock, directory, .. } = actors;
    let overrides = Overrides { clock: clock.clone(), random: Random::System, ..Overrides::default() };
    let config = support::config(&directory);
    let sekisho = Sekisho::start(config, "http://sekisho.test", overrides).await.unwrap();
    TestActors { accounts: sekisho.accounts(), sekisho, clock, directory }
}

#[actix_web::test]
async fn a_retry_after_a_restart_gets_the_answer_that_was_lost() {
    let actors = TestActors::start().await;
    let (_, first) = newcomer(&actors, "alice", Role::User).await;
    let second = refresh(&actors, &first.refresh_token).await.unwrap();

    let actors = restart(actors).await;
    actors.clock.advance(10 * SECOND);
    let retry = refresh(&actors, &first.refresh_token).await.unwrap();

    assert_eq!(retry.refresh_token.expose(), second.refresh_token.expose());
    assert!(refresh(&actors, &second.refresh_token).await.is_ok());
}

#[actix_web::test]
async fn what_leads_on_from_a_replaced_secret_goes_with_the_grace() {
    let actors = TestActors::start().await;
    let (alice, first) = newcomer(&actors, "alice", Role::User).await;
    refresh(&actors, &first.refresh_token).await.unwrap();
    let look_around = async || {
        for _ in 0..2 {
            actors.sekisho.maintenance().ask(RunMaintenance).await.unwrap();
        }
    };

    actors.clock.advance(10 * SECOND);
    look_around().await;
    assert!(refresh(&actors, &first.refresh_token).await.is_ok(), "the grace is not over");
    assert_eq!(replaced(&actors.directory, 1).1.len(), 43);

    actors.clock.advance(Duration::from_millis(1));
    look_around().await;
    assert_eq!(replaced(&actors.directory, 1), (Vec::new(), Vec::new()));
    assert_eq!(refresh(&actors, &first.refresh_token).await.err(), Some(RefreshError::Reused));
    assert_eq!(ends_of(&actors, alice.id).await, [Some(EndReason::RefreshTokenReused)]);
}

#[actix_web::test]
async fn a_secret_that_is_current_once_more_gets_another_successor() {
    let actors = TestActors::start().await;
    let (_, first) = newcomer(&actors, "alice", Role::User).await;
    let one = refresh(&actors, &first.refresh_token).await.unwrap();
    // The row as it was before, as in a restored backup.
    let hash =
        "UPDATE sessions SET refresh_hash = (SELECT refresh_hash FROM kept), spent = x'', replaced = x''";
    let keep = "CREATE TABLE kept AS SELECT refresh_hash FROM sessions";
    let db = actors.sekisho.db();
    db.send(Run(keep.to_owned())).await.unwrap();
    let again = refresh(&actors, &one.refresh_token).await.unwrap();
    db.send(Run(hash.to_owned())).await.unwrap();

    let other = refresh(&actors, &one.refresh_token).await.unwrap();

    assert_ne!(other.refresh_token.expose(), again.refresh_token.expose());
}

#[actix_web::test]
async fn a_session_of_before_that_is_too_old_ends_at_its_next_refresh() {
    let actors = TestActors::start().await;
    let (alice, tokens) = newcomer(&actors, "alice", Role::User).await;
    let (bob, bobs) = newcomer(&actors, "bob", Role::User).await;
    let long_ago = (actors.clock.now() - 200 * DAY).as_millis();
    let age = format!("UPDATE sessions SET created_at = {long_ago} WHERE user_id = {}", alice.id.0);
    actors.ask_db(Run(age)).await.unwrap();

    let ended = RefreshError::Ended(EndReason::Expired);
    assert_eq!(refresh(&actors, &tokens.refresh_token).await.err(), Some(ended));
    assert_eq!(ends_of(&actors, alice.id).await, [Some(EndReason::Expired)]);
    assert!(refresh(&actors, &bobs.refresh_token).await.is_ok());
    assert_eq!(ends_of(&actors, bob.id).await, [None]);
}

#[actix_web::test]
async fn without_a_greatest_age_a_session_lives_as_long_as_it_is_used() {
    let actors = TestActors::start_with(|config| config.session.max_age = Duration::ZERO).await;
    let (_, mut tokens) = newcomer(&actors, "alice", Role::User).await;

    for _ in 0..20 {
        actors.clock.advance(29 * DAY);
        tokens = refresh(&actors, &tokens.refresh_token).await.unwrap();
    }
}
