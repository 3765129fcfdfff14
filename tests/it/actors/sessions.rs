//! Sessions: listing them, ending them, and purging those that have ended.

use std::time::Duration;

use sekisho::{
    actors::{
        account::{
            AuthenticateError, EndOtherSessions, EndOwnSession, EndSessionsOfUser, ListOwnSessions, LogIn,
            LogOut, Revoke,
        },
        db::{ListSessions, OpenSession, PurgeSessions, Purged},
        maintenance::RunMaintenance,
    },
    domain::{
        EndReason, PasswordVersion, RefreshToken, RequestOrigin, Role, Scope, SecretHash, SessionId,
        Timestamp, TokenPair, UserId,
    },
};

use super::{
    probes::Run,
    steps::{
        authenticate, ends_of, from_address, log_in, newcomer, password, refresh, register, session_of,
        sessions_of,
    },
};
use crate::support::{PASSWORD, START, SendToDb, TestActors};

const DAY: Duration = Duration::from_hours(24);

async fn is_alive(actors: &TestActors, tokens: &TokenPair) -> bool {
    authenticate(actors, &tokens.access_token).await.is_ok()
}

#[actix_web::test]
async fn somebody_sees_their_own_live_sessions_the_newest_first() {
    let actors = TestActors::start().await;
    let (alice, first) = newcomer(&actors, "alice", Role::User).await;
    newcomer(&actors, "bob", Role::User).await;
    actors.clock.advance(DAY);
    let origin = RequestOrigin { user_agent: Some("Phone".into()), ..from_address("192.0.2.7") };
    let log_in =
        LogIn { name: "alice".to_owned(), password: password(PASSWORD), scope: Scope::default(), origin };
    let second = actors.accounts.ask(log_in).await.unwrap();

    let list = ListOwnSessions {
        token: second.access_token.clone(),
        with_ended: false,
        origin: RequestOrigin::default(),
    };
    let (sessions, current) = actors.accounts.ask(list).await.unwrap();

    let [newest, oldest] = &sessions[..] else { panic!("{sessions:?}") };
    assert_eq!(newest.id, current);
    assert_eq!(oldest.id, SessionId(1));
    assert_eq!((newest.user_id, newest.created_at), (alice.id, START + DAY));
    assert_eq!(newest.user_agent.as_deref(), Some("Phone"));
    assert_eq!(newest.ip.as_deref(), Some("192.0.2.7"));
    assert!(refresh(&actors, &first.refresh_token).await.is_ok());
}

#[actix_web::test]
async fn each_way_to_end_sessions_ends_those_it_should_and_says_why() {
    let actors = TestActors::start().await;
    let (_, root) = newcomer(&actors, "root", Role::Admin).await;
    let (alice, one) = newcomer(&actors, "alice", Role::User).await;
    let mut more = Vec::new();
    for _ in 0..6 {
        more.push(log_in(&actors, "alice").await);
    }
    let [two, three, four, five, six, seven] = &more[..] else { panic!("six") };
    let (bob, bobs) = newcomer(&actors, "bob", Role::User).await;
    let (logout, revoked) = (Some(EndReason::Logout), Some(EndReason::Revoked));

    actors
        .accounts
        .ask(LogOut { token: one.access_token.clone(), origin: RequestOrigin::default() })
        .await
        .unwrap();
    actors
        .accounts
        .ask(Revoke { token: two.refresh_token.expose().to_owned(), origin: RequestOrigin::default() })
        .await
        .unwrap();
    actors
        .accounts
        .ask(Revoke { token: three.access_token.expose().to_owned(), origin: RequestOrigin::default() })
        .await
        .unwrap();
    let end = EndOwnSession {
        token: five.access_token.clone(),
        id: session_of(&actors, four).await,
        origin: RequestOrigin::default(),
    };
    actors.accounts.ask(end).await.unwrap();
    assert_eq!(ends_of(&actors, alice.id).await, [logout, revoked, revoked, revoked, None, None, None]);

    actors
        .accounts
        .ask(EndOtherSessions { token: five.access_token.clone(), origin: RequestOrigin::default() })
        .await
        .unwrap();
    assert!(is_alive(&actors, five).await);
    assert!(!is_alive(&actors, six).await && !is_alive(&actors, seven).await);

    let end = EndSessionsOfUser {
        token: root.access_token.clone(),
        id: alice.id,
        origin: RequestOrigin::default(),
    };
    actors.accounts.ask(end).await.unwrap();
    let by_admin = Some(EndReason::RevokedByAdmin);
    assert_eq!(
        ends_of(&actors, alice.id).await,
        [logout, revoked, revoked, revoked, by_admin, revoked, revoked]
    );
    assert!(is_alive(&actors, &bobs).await);
    assert_eq!(ends_of(&actors, bob.id).await, [None]);
}

#[actix_web::test]
async fn revoking_what_is_no_token_is_no_error_and_ends_nothing() {
    let actors = TestActors::start().await;
    let (alice, tokens) = newcomer(&actors, "alice", Role::User).await;

    for text in ["", "nonsense", "a.b.c", &tokens.refresh_token.expose()[1..]] {
        assert_eq!(
            actors.accounts.ask(Revoke { token: text.to_owned(), origin: RequestOrigin::default() }).await,
            Ok(()),
            "{text}"
        );
    }
    assert_eq!(ends_of(&actors, alice.id).await, [None]);

    // A second revocation changes nothing, and the first reason stays.
    actors
        .accounts
        .ask(LogOut { token: tokens.access_token.clone(), origin: RequestOrigin::default() })
        .await
        .unwrap();
    let again = Revoke { token: tokens.refresh_token.expose().to_owned(), origin: RequestOrigin::default() };
    assert_eq!(actors.accounts.ask(again).await, Ok(()));
    let twice =
        actors.accounts.ask(LogOut { token: tokens.access_token, origin: RequestOrigin::default() }).await;
    assert_eq!(twice, Err(AuthenticateError::Ended));
    assert_eq!(ends_of(&actors, alice.id).await, [Some(EndReason::Logout)]);
}

#[actix_web::test]
async fn a_spent_refresh_token_revokes_its_session_too() {
    let actors = TestActors::start().await;
    let (_, first) = newcomer(&actors, "alice", Role::User).await;
    let second = refresh(&actors, &first.refresh_token).await.unwrap();

    actors
        .accounts
        .ask(Revoke { token: first.refresh_token.expose().to_owned(), origin: RequestOrigin::default() })
        .await
        .unwrap();

    assert!(!is_alive(&actors, &second).await);
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

#[actix_web::test]
async fn a_purge_marks_the_expired_deletes_those_long_ended_and_touches_none_alive() {
    let actors = TestActors::start().await;
    let alice = register(&actors, "alice", Role::User).await;
    let db = actors.sekisho.db();
    let now = START + 100 * DAY;
    let ended_before = now - 30 * DAY;
    // Repeatedly: one that expired long ago, one that expired recently, one that is alive.
    for _ in 0..10 {
        open(&actors, alice.id, START + DAY).await;
        open(&actors, alice.id, now - DAY).await;
        open(&actors, alice.id, now + DAY).await;
    }

    let (mut after, mut total, mut steps) = (SessionId(0), (0, 0), 0);
    loop {
        let purge = PurgeSessions { after, batch: 7, ended_before, replaced_before: now };
        let Purged { last, expired, deleted } = db.send_at(purge, now).await.unwrap();
        total = (total.0 + expired, total.1 + deleted);
        let Some(last) = last else { break };
        assert!(last > after && last.0 <= after.0 + 7, "{last}");
        (after, steps) = (last, steps + 1);
    }

    assert_eq!((total, steps), ((20, 10), 5));
    let list = ListSessions { user_id: alice.id, with_ended: true };
    let left = db.send_at(list, now).await.unwrap();
    assert_eq!(left.len(), 20);
    for session in left {
        let expected = (session.expires_at < now).then_some((session.expires_at, EndReason::Expired));
        assert_eq!(session.ended, expected);
    }
}

#[actix_web::test]
async fn maintenance_purges_by_itself_and_an_end_can_be_seen_for_a_month() {
    let actors = TestActors::start().await;
    let (alice, tokens) = newcomer(&actors, "alice", Role::User).await;
    let (bob, _) = newcomer(&actors, "bob", Role::User).await;
    actors
        .accounts
        .ask(LogOut { token: tokens.access_token, origin: RequestOrigin::default() })
        .await
        .unwrap();
    let maintenance = actors.sekisho.maintenance();
    let look_around = async || {
        // Once through the table, and once to start again.
        for _ in 0..2 {
            maintenance.ask(RunMaintenance).await.unwrap();
        }
    };

    actors.clock.advance(30 * DAY);
    look_around().await;
    assert_eq!(ends_of(&actors, alice.id).await, [Some(EndReason::Logout)]);
    assert_eq!(ends_of(&actors, bob.id).await, [Some(EndReason::Expired)]);

    actors.clock.advance(Duration::from_secs(1));
    look_around().await;
    assert!(sessions_of(&actors, alice.id).await.is_empty());
    assert_eq!(sessions_of(&actors, bob.id).await.len(), 1);

    actors.clock.advance(30 * DAY);
    look_around().await;
    assert!(sessions_of(&actors, bob.id).await.is_empty());
}

#[actix_web::test]
async fn a_token_never_meets_a_session_that_came_after_its_own() {
    let actors = TestActors::start().await;
    let (alice, old) = newcomer(&actors, "alice", Role::User).await;
    actors.ask_db(Run("DELETE FROM sessions".to_owned())).await.unwrap();

    let new = log_in(&actors, "alice").await;

    assert_eq!(session_of(&actors, &new).await, SessionId(2));
    assert!(!is_alive(&actors, &old).await);
    let stale = RefreshToken::new(old.refresh_token.expose().to_owned());
    assert!(refresh(&actors, &stale).await.is_err());
    assert_eq!(ends_of(&actors, alice.id).await, [None]);
}
