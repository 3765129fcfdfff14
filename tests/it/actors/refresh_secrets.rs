//! The installation's secret for refresh tokens can be replaced without logging anyone out.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sekisho::{
    actors::{
        account::Refresh,
        db::{EndSession, FindKeys, OpenSession},
        maintenance::{RunMaintenance, rotate_refresh_secret},
    },
    app::{Overrides, Sekisho},
    domain::{
        EndReason, KeyWrap, PasswordVersion, Random, RefreshToken, RequestOrigin, Role, Scope, SecretHash,
        SessionId, Timestamp, TokenPair, UserId,
    },
};

use super::steps::{ends_of, log_in, newcomer, refresh, settle};
use crate::support::{self, TestActors};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// The version that a token names.
fn version(tokens: &TokenPair) -> u8 {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(tokens.refresh_token.expose()).unwrap();
    assert_eq!(bytes.len(), 57);
    bytes[0]
}

async fn rotate(actors: &TestActors) {
    let maker = (&KeyWrap::in_the_clear(), &Random::System);
    rotate_refresh_secret(actors.sekisho.db(), &actors.context(), maker).await.unwrap();
    actors.sekisho.maintenance().ask(RunMaintenance).await.unwrap();
    // The workers get the change by message.
    settle().await;
}

/// Lets the purge pass all sessions from the first to the last, wherever it was.
async fn purge_all_sessions(actors: &TestActors) {
    for _ in 0..3 {
        actors.sekisho.maintenance().ask(RunMaintenance).await.unwrap();
    }
    settle().await;
}

async fn versions(actors: &TestActors) -> Vec<u8> {
    let set = actors.ask_db(FindKeys).await.unwrap();
    set.refresh_secrets.iter().map(|secret| secret.version).collect()
}

#[actix_web::test]
async fn a_new_secret_makes_new_tokens_and_logs_nobody_out() {
    let actors = TestActors::start().await;
    let (alice, first) = newcomer(&actors, "alice", Role::User).await;
    let idle = log_in(&actors, "alice").await;

    rotate(&actors).await;

    // Another server may not know it yet.
    let second = refresh(&actors, &first.refresh_token).await.unwrap();
    assert_eq!(version(&second), 0);
    actors.clock.advance(MINUTE);
    let third = refresh(&actors, &second.refresh_token).await.unwrap();
    assert_eq!(version(&third), 1);
    assert_eq!(version(&log_in(&actors, "alice").await), 1);
    // The retry's token is from before the change, and gets the tokens of the first answer.
    let retry = refresh(&actors, &second.refresh_token).await.unwrap();
    assert_eq!(retry.refresh_token.expose(), third.refresh_token.expose());
    actors.clock.advance(20 * DAY);
    assert_eq!(version(&refresh(&actors, &third.refresh_token).await.unwrap()), 1);
    assert_eq!(version(&refresh(&actors, &idle.refresh_token).await.unwrap()), 1);
    assert_eq!(ends_of(&actors, alice.id).await, [None; 3]);
}

#[actix_web::test]
async fn a_retry_across_several_changes_gets_the_newest_token() {
    let actors = TestActors::start_with(|config| config.session.refresh_grace = Duration::from_mins(5)).await;
    let (_, first) = newcomer(&actors, "alice", Role::User).await;
    let mut chain = vec![first];
    for expected in 1..=3 {
        rotate(&actors).await;
        actors.clock.advance(MINUTE);
        chain.push(refresh(&actors, &chain[chain.len() - 1].refresh_token).await.unwrap());
        assert_eq!(version(&chain[chain.len() - 1]), expected);
    }

    for behind in &chain[..3] {
        let caught_up = refresh(&actors, &behind.refresh_token).await.unwrap();
        assert_eq!(caught_up.refresh_token.expose(), chain[3].refresh_token.expose());
    }
}

#[actix_web::test]
async fn another_server_on_the_file_has_heard_of_it_before_it_makes_tokens() {
    let actors = TestActors::start().await;
    let (alice, tokens) = newcomer(&actors, "alice", Role::User).await;
    let overrides = Overrides { clock: actors.clock.clone(), random: Random::System, ..Overrides::default() };
    let other =
        Sekisho::start(support::config(&actors.directory), "http://sekisho.test", overrides).await.unwrap();
    let accounts = other.accounts();
    rotate(&actors).await;
    other.maintenance().ask(RunMaintenance).await.unwrap();
    settle().await;
    actors.clock.advance(MINUTE);
    let refresh_there = async |token: &RefreshToken| {
        let refresh =
            Refresh { token: token.clone(), scope: Scope::default(), origin: RequestOrigin::default() };
        accounts.ask(refresh).await.unwrap()
    };

    let here = refresh(&actors, &tokens.refresh_token).await.unwrap();
    let there = refresh_there(&tokens.refresh_token).await;

    assert_eq!(version(&here), 1);
    assert_eq!(there.refresh_token.expose(), here.refresh_token.expose());
    assert_eq!(version(&refresh_there(&here.refresh_token).await), 1);
    assert_eq!(ends_of(&actors, alice.id).await, [None]);
}

#[actix_web::test]
async fn an_old_secret_goes_when_no_live_session_can_have_a_token_of_it() {
    let actors = TestActors::start().await;
    let (alice, tokens) = newcomer(&actors, "alice", Role::User).await;
    // An existing session, from when the configuration let sessions live longer.
    let long = open(&actors, alice.id, actors.clock.now() + 90 * DAY).await;
    rotate(&actors).await;
    actors.clock.advance(20 * DAY);
    let tokens = refresh(&actors, &tokens.refresh_token).await.unwrap();
    purge_all_sessions(&actors).await;
    assert_eq!(versions(&actors).await, [0, 1]);

    // Now the refresh tokens of the old secret have expired, except those of that session.
    actors.clock.advance(10 * DAY + MINUTE);
    purge_all_sessions(&actors).await;
    assert_eq!(versions(&actors).await, [0, 1]);
    let end = EndSession { id: long, owner: None, reason: EndReason::Logout };
    assert!(actors.ask_db(end).await.unwrap());
    purge_all_sessions(&actors).await;

    assert_eq!(versions(&actors).await, [1]);
    assert!(refresh(&actors, &tokens.refresh_token).await.is_ok());
}

#[actix_web::test]
async fn a_version_is_used_again_when_all_have_been() {
    let actors = TestActors::start_with(|config| config.session.max_age = Duration::ZERO).await;
    let (alice, mut tokens) = newcomer(&actors, "alice", Role::User).await;

    for number in 1..=300_u32 {
        rotate(&actors).await;
        actors.clock.advance(29 * DAY);
        tokens = refresh(&actors, &tokens.refresh_token).await.unwrap();
        assert_eq!(u32::from(version(&tokens)), number % 256);
        purge_all_sessions(&actors).await;
    }

    assert!(versions(&actors).await.len() <= 3);
    assert_eq!(ends_of(&actors, alice.id).await, [None]);
}

async fn open(actors: &TestActors, user_id: UserId, expires_at: Timestamp) -> SessionId {
    let open = OpenSession {
        user_id,
        expected: PasswordVersion(1),
        refresh_hash: SecretHash([0; 32]),
        refresh_version: 0,
        scope: Scope::of(Role::User),
        expires_at,
    };
    actors.ask_db(open).await.unwrap().unwrap()
}
