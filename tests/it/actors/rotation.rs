//! Refresh token rotation: honest clients are never logged out, and a stolen token ends one session.

use std::time::Duration;

use futures_util::future::join_all;
use sekisho::{
    actors::{
        account::{AdminError, BrowseUsers, Refresh, RefreshError, Revoke},
        db::UpdateUser,
    },
    domain::{
        AccessToken, EndReason, InvalidScope, RequestOrigin, Role, Scope, TokenPair, UserChange, UserId,
    },
};

use super::steps::{authenticate, ends_of, log_in, newcomer, refresh, register, session_of, sessions_of};
use crate::support::TestActors;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

async fn update(actors: &TestActors, id: UserId, change: UserChange) {
    let update = UpdateUser { id, change };
    actors.ask_db(update).await.unwrap().unwrap();
}

async fn narrow(actors: &TestActors, tokens: &TokenPair, scope: &str) -> Result<TokenPair, RefreshError> {
    let token = tokens.refresh_token.clone();
    let scope = Scope::parse(scope).unwrap();
    actors.accounts.ask(Refresh { token, scope, origin: RequestOrigin::default() }).await
}

#[actix_web::test]
async fn a_refresh_goes_on_with_the_same_session_and_a_new_pair() {
    let actors = TestActors::start().await;
    let (alice, first) = newcomer(&actors, "alice", Role::User).await;
    actors.clock.advance(DAY);

    let second = refresh(&actors, &first.refresh_token).await.unwrap();

    assert_ne!(second.refresh_token.expose(), first.refresh_token.expose());
    assert_ne!(second.access_token.expose(), first.access_token.expose());
    let [session] = &sessions_of(&actors, alice.id).await[..] else { panic!("one session") };
    assert_eq!(session_of(&actors, &second).await, session.id);
    assert_eq!(session.last_used_at, actors.clock.now());
    assert_eq!(session.expires_at, actors.clock.now() + 30 * DAY);
}

#[actix_web::test]
async fn of_parallel_refreshes_with_one_token_all_succeed_and_stay_one_session() {
    let actors = TestActors::start().await;
    let alice = register(&actors, "alice", Role::User).await;

    for round in 0..200 {
        let first = log_in(&actors, "alice").await;

        let answers = join_all((0..64).map(|_| refresh(&actors, &first.refresh_token))).await;

        let pairs: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        let next = pairs[0].refresh_token.clone();
        assert!(pairs.iter().all(|pair| pair.refresh_token.expose() == next.expose()), "{round}");
        let sessions = sessions_of(&actors, alice.id).await;
        let alive: Vec<_> = sessions.iter().filter(|session| session.ended.is_none()).collect();
        assert_eq!(alive.len(), 1, "{round}");
        for pair in [&pairs[0], &pairs[31], &pairs[63]] {
            assert_eq!(session_of(&actors, pair).await, alive[0].id, "{round}");
        }
        let after = refresh(&actors, &next).await.unwrap();
        let revoke =
            Revoke { token: after.refresh_token.expose().to_owned(), origin: RequestOrigin::default() };
        actors.accounts.ask(revoke).await.unwrap();
    }
}

#[actix_web::test]
async fn a_retry_within_the_grace_gets_the_same_successor() {
    let actors = TestActors::start().await;
    let (_, first) = newcomer(&actors, "alice", Role::User).await;
    let second = refresh(&actors, &first.refresh_token).await.unwrap();

    for _ in 0..10 {
        actors.clock.advance(SECOND);
        let retry = refresh(&actors, &first.refresh_token).await.unwrap();
        assert_eq!(retry.refresh_token.expose(), second.refresh_token.expose());
        assert!(authenticate(&actors, &retry.access_token).await.is_ok());
    }
}

#[actix_web::test]
async fn a_tab_that_fell_behind_within_the_grace_gets_the_newest_token() {
    let actors = TestActors::start().await;
    let (_, first) = newcomer(&actors, "alice", Role::User).await;
    let mut chain = vec![first.refresh_token];
    for _ in 0..5 {
        actors.clock.advance(SECOND);
        chain.push(refresh(&actors, &chain[chain.len() - 1]).await.unwrap().refresh_token);
    }

    for behind in &chain[..5] {
        let caught_up = refresh(&actors, behind).await.unwrap();
        assert_eq!(caught_up.refresh_token.expose(), chain[5].expose());
    }
    assert!(refresh(&actors, &chain[5]).await.is_ok());
}

#[actix_web::test]
async fn an_old_token_after_the_grace_ends_only_its_session() {
    let actors = TestActors::start().await;
    let (alice, first) = newcomer(&actors, "alice", Role::User).await;
    let other_device = log_in(&actors, "alice").await;
    let (bob, bobs) = newcomer(&actors, "bob", Role::User).await;
    let second = refresh(&actors, &first.refresh_token).await.unwrap();
    actors.clock.advance(10 * SECOND + Duration::from_millis(1));

    let stolen = refresh(&actors, &first.refresh_token).await;

    assert_eq!(stolen.err(), Some(RefreshError::Reused));
    assert_eq!(ends_of(&actors, alice.id).await, [Some(EndReason::RefreshTokenReused), None]);
    assert_eq!(ends_of(&actors, bob.id).await, [None]);
    // The holder of the newest token is logged out too, and both are told why from now on.
    for token in [&first.refresh_token, &second.refresh_token] {
        let ended = RefreshError::Ended(EndReason::RefreshTokenReused);
        assert_eq!(refresh(&actors, token).await.err(), Some(ended));
    }
    assert!(authenticate(&actors, &second.access_token).await.is_err());
    assert!(refresh(&actors, &other_device.refresh_token).await.is_ok());
    assert!(refresh(&actors, &bobs.refresh_token).await.is_ok());
}

#[actix_web::test]
async fn a_token_far_behind_is_reuse_however_busy_the_session_was() {
    let actors = TestActors::start().await;
    let (alice, first) = newcomer(&actors, "alice", Role::User).await;
    let mut newest = first.refresh_token.clone();
    for _ in 0..40 {
        actors.clock.advance(SECOND);
        newest = refresh(&actors, &newest).await.unwrap().refresh_token;
    }

    assert_eq!(refresh(&actors, &first.refresh_token).await.err(), Some(RefreshError::Reused));
    assert_eq!(ends_of(&actors, alice.id).await, [Some(EndReason::RefreshTokenReused)]);
}

#[actix_web::test]
async fn without_a_grace_a_replaced_token_is_reuse_at_the_next_moment() {
    let actors = TestActors::start_with(|config| config.session.refresh_grace = Duration::ZERO).await;
    let (_, first) = newcomer(&actors, "alice", Role::User).await;
    refresh(&actors, &first.refresh_token).await.unwrap();
    actors.clock.advance(Duration::from_millis(1));

    assert_eq!(refresh(&actors, &first.refresh_token).await.err(), Some(RefreshError::Reused));
}

#[actix_web::test]
async fn a_clock_that_jumps_back_ends_no_session() {
    let actors = TestActors::start().await;
    let (alice, first) = newcomer(&actors, "alice", Role::User).await;
    actors.clock.advance(HOUR);
    let second = refresh(&actors, &first.refresh_token).await.unwrap();
    let before = sessions_of(&actors, alice.id).await;

    actors.clock.rewind(2 * HOUR);
    let third = refresh(&actors, &second.refresh_token).await.unwrap();
    let retry = refresh(&actors, &second.refresh_token).await.unwrap();
    assert_eq!(retry.refresh_token.expose(), third.refresh_token.expose());
    assert!(authenticate(&actors, &third.access_token).await.is_ok());
    let after = sessions_of(&actors, alice.id).await;
    assert!(after[0].last_used_at >= before[0].last_used_at);
    assert!(after[0].expires_at >= before[0].expires_at);

    // The clock is corrected, and a slow client retries.
    actors.clock.advance(2 * HOUR + 2 * SECOND);
    let retry = refresh(&actors, &second.refresh_token).await.unwrap();
    assert_eq!(retry.refresh_token.expose(), third.refresh_token.expose());
    assert_eq!(ends_of(&actors, alice.id).await, [None]);
}

#[actix_web::test]
async fn a_session_that_nobody_used_for_its_lifetime_has_expired() {
    let actors = TestActors::start().await;
    let (_, used) = newcomer(&actors, "alice", Role::User).await;
    let unused = log_in(&actors, "alice").await;
    actors.clock.advance(29 * DAY + 23 * HOUR);
    let used = refresh(&actors, &used.refresh_token).await.unwrap();

    actors.clock.advance(HOUR);

    let expired = RefreshError::Ended(EndReason::Expired);
    assert_eq!(refresh(&actors, &unused.refresh_token).await.err(), Some(expired.clone()));
    let used = refresh(&actors, &used.refresh_token).await.unwrap();
    actors.clock.advance(30 * DAY);
    assert_eq!(refresh(&actors, &used.refresh_token).await.err(), Some(expired));
}

#[actix_web::test]
async fn an_admin_who_was_demoted_gets_no_admin_scope_any_more() {
    let actors = TestActors::start().await;
    newcomer(&actors, "root", Role::Admin).await;
    let (other, tokens) = newcomer(&actors, "other", Role::Admin).await;
    let browse = |token: &AccessToken| {
        let browse = BrowseUsers {
            token: token.clone(),
            prefix: String::new(),
            after: None,
            limit: 1,
            origin: RequestOrigin::default(),
        };
        actors.accounts.ask(browse)
    };
    assert!(browse(&tokens.access_token).await.is_ok());

    update(&actors, other.id, UserChange { role: Some(Role::User), ..UserChange::default() }).await;

    assert_eq!(browse(&tokens.access_token).await.err(), Some(AdminError::Forbidden));
    let demanded = narrow(&actors, &tokens, "admin").await;
    assert_eq!(demanded.err(), Some(RefreshError::InvalidScope(InvalidScope)));
    let refreshed = refresh(&actors, &tokens.refresh_token).await.unwrap();
    assert_eq!(refreshed.scope, Scope::of(Role::User));
    assert_eq!(browse(&refreshed.access_token).await.err(), Some(AdminError::Forbidden));
}
