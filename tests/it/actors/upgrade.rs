//! A database from an earlier version still works: `tests/fixtures/schema-0001`.

use std::{path::Path, time::Duration};

use sekisho::{
    actors::{account::AuthenticateError, token::InvalidToken},
    app::{Overrides, Sekisho},
    domain::{AccessToken, Clock, RefreshToken, Role, Scope, Timestamp},
};
use serde_json::Value;
use tempfile::TempDir;

use super::steps::{authenticate, refresh};
use crate::support::{TestActors, config};

/// The current Sekisho on the older database, at the time when that was made, and its tokens.
async fn upgraded() -> (TestActors, Value) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema-0001");
    let tokens: Value =
        serde_json::from_str(&std::fs::read_to_string(fixture.join("tokens.json")).unwrap()).unwrap();
    let directory = TempDir::new().unwrap();
    std::fs::copy(fixture.join("sekisho.db"), directory.path().join("test.db")).unwrap();
    let mut config = config(&directory);
    config.session.refresh_grace = Duration::from_mins(5);
    let clock = Clock::manual(Timestamp::from_millis(tokens["made_at_millis"].as_i64().unwrap()));
    let overrides = Overrides { clock: clock.clone(), ..Overrides::default() };
    let sekisho = Sekisho::start(config, "http://sekisho.test", overrides).await.unwrap();
    (TestActors { accounts: sekisho.accounts(), sekisho, clock, directory }, tokens)
}

fn refresh_token(text: &Value) -> RefreshToken {
    RefreshToken::new(text.as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn sessions_of_before_go_on() {
    let (actors, tokens) = upgraded().await;

    for token in [&tokens["alice_current"]["refresh_token"], &tokens["alice_rotated"]["current"]] {
        let pair = refresh(&actors, &refresh_token(token)).await.unwrap();
        let caller = authenticate(&actors, &pair.access_token).await.unwrap();

        assert_eq!((caller.user.username.as_str(), caller.scope), ("alice", Scope::of(Role::User)));
        assert!(caller.authenticated_at <= actors.clock.now());
    }
}

#[actix_web::test]
async fn access_tokens_of_before_are_refused_until_their_client_refreshes() {
    let (actors, tokens) = upgraded().await;
    let before = AccessToken::new(tokens["alice_current"]["access_token"].as_str().unwrap().to_owned());

    let refused = authenticate(&actors, &before).await;

    assert_eq!(refused.err(), Some(AuthenticateError::InvalidToken(InvalidToken::WrongType)));
}

#[actix_web::test]
async fn an_administrators_session_of_before_goes_on_without_what_nobody_asked_for() {
    let (actors, tokens) = upgraded().await;

    let pair = refresh(&actors, &refresh_token(&tokens["root_current"]["refresh_token"])).await.unwrap();

    let caller = authenticate(&actors, &pair.access_token).await.unwrap();
    assert_eq!((caller.user.role, caller.scope), (Role::Admin, Scope::of(Role::User)));
}
