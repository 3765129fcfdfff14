//! A database and refresh tokens from before there were salts and versions of their secret.

use std::{fs, path::Path, time::Duration};

use sekisho::{
    actors::{account::RefreshError, maintenance::RunMaintenance},
    app::{Overrides, Sekisho},
    domain::{Clock, EndReason, Random, RefreshToken, Timestamp, TokenPair},
};
use serde_json::Value;
use tempfile::TempDir;

use super::{refresh_chains::replaced, steps::refresh};
use crate::support::{self, TestActors};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

/// A server on a copy of the fixture, at the time when the fixture was made.
struct Before {
    actors: TestActors,
    tokens: Value,
}

impl Before {
    async fn open() -> Self {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema-0001");
        let directory = TempDir::new().unwrap();
        fs::copy(fixture.join("sekisho.db"), directory.path().join("test.db")).unwrap();
        let tokens: Value =
            serde_json::from_str(&fs::read_to_string(fixture.join("tokens.json")).unwrap()).unwrap();
        let mut config = support::config(&directory);
        config.session.refresh_grace = Duration::from_mins(5);
        let clock = Clock::manual(Timestamp::from_millis(tokens["made_at_millis"].as_i64().unwrap()));
        let overrides = Overrides { clock: clock.clone(), random: Random::System, ..Overrides::default() };
        let sekisho = Sekisho::start(config, "http://sekisho.test", overrides).await.unwrap();
        let actors = TestActors { accounts: sekisho.accounts(), sekisho, clock, directory };
        Self { actors, tokens }
    }

    fn token(&self, of: &str, which: &str) -> RefreshToken {
        RefreshToken::new(self.tokens[of][which].as_str().unwrap().to_owned())
    }

    async fn refresh(&self, of: &str, which: &str) -> Result<TokenPair, RefreshError> {
        refresh(&self.actors, &self.token(of, which)).await
    }
}

#[actix_web::test]
async fn refresh_tokens_of_before_go_on_and_get_tokens_of_today() {
    let before = Before::open().await;

    for (of, which) in
        [("alice_current", "refresh_token"), ("alice_rotated", "current"), ("root_current", "refresh_token")]
    {
        let next = before.refresh(of, which).await.unwrap();
        assert_eq!(next.refresh_token.expose().len(), 76, "{of}");
        before.actors.clock.advance(DAY);
        assert!(refresh(&before.actors, &next.refresh_token).await.is_ok(), "{of}");
    }
}

#[actix_web::test]
async fn a_retry_after_the_upgrade_gets_the_very_token_that_the_old_version_gave() {
    let before = Before::open().await;
    let current = before.token("alice_rotated", "current");
    before.actors.clock.advance(250 * SECOND);

    for which in ["first", "second"] {
        let retry = before.refresh("alice_rotated", which).await.unwrap();
        assert_eq!(retry.refresh_token.expose(), current.expose(), "{which}");
    }

    // And when it has been replaced by a token of the current format, the retries lead to that one.
    let next = refresh(&before.actors, &current).await.unwrap();
    for which in ["first", "second", "current"] {
        let retry = before.refresh("alice_rotated", which).await.unwrap();
        assert_eq!(retry.refresh_token.expose(), next.refresh_token.expose(), "{which}");
    }
}

#[actix_web::test]
async fn a_token_of_before_that_comes_after_the_grace_is_theft() {
    let before = Before::open().await;
    before.actors.clock.advance(301 * SECOND);

    assert_eq!(before.refresh("alice_rotated", "first").await.err(), Some(RefreshError::Reused));

    let ended = RefreshError::Ended(EndReason::RefreshTokenReused);
    assert_eq!(before.refresh("alice_rotated", "current").await.err(), Some(ended));
    assert!(before.refresh("alice_current", "refresh_token").await.is_ok());
}

#[actix_web::test]
async fn what_the_old_version_kept_of_replaced_secrets_goes_with_the_grace_too() {
    let before = Before::open().await;
    assert_eq!(replaced(&before.actors.directory, 2).0.len(), 32);
    before.actors.clock.advance(301 * SECOND);

    before.actors.sekisho.maintenance().ask(RunMaintenance).await.unwrap();

    assert_eq!(replaced(&before.actors.directory, 2), (Vec::new(), Vec::new()));
    assert!(before.refresh("alice_rotated", "current").await.is_ok());
}
