//! Coalesced lookups: every caller gets the state from after its call.

use futures_util::future::join_all;
use sekisho::{
    actors::{
        account::{Authenticate, AuthenticateError, LogOut, RefreshError},
        token::InvalidToken,
    },
    domain::{AccessToken, RequestOrigin, Role},
};

use super::{
    probes::RunAsRead,
    steps::{newcomer, refresh},
};
use crate::support::TestActors;

async fn token_of(actors: &TestActors, name: &str) -> AccessToken {
    newcomer(actors, name, Role::User).await.1.access_token
}

#[actix_web::test]
async fn callers_who_come_together_are_not_taken_for_each_other() {
    let actors = TestActors::start().await;
    let names: Vec<String> = (0..20).map(|number| format!("user{number}")).collect();
    let mut tokens = Vec::new();
    for name in &names {
        tokens.push(token_of(&actors, name).await);
    }

    let asked = (0..200).map(|round| {
        let index = round % names.len();
        let ask = actors.accounts.ask(Authenticate { token: tokens[index].clone() });
        async move { (index, ask.await.unwrap().user.username) }
    });

    for (index, username) in join_all(asked).await {
        assert_eq!(username.as_str(), names[index]);
    }
}

#[actix_web::test]
async fn a_session_that_has_ended_is_refused_to_whoever_comes_after() {
    let actors = TestActors::start().await;
    for round in 0..50 {
        let token = token_of(&actors, &format!("user{round}")).await;
        let crowd = || join_all((0..16).map(|_| actors.accounts.ask(Authenticate { token: token.clone() })));

        // The crowd keeps lookups in flight while the session ends.
        let (_, ended) = futures_util::future::join(
            crowd(),
            actors.accounts.ask(LogOut { token: token.clone(), origin: RequestOrigin::default() }),
        )
        .await;
        ended.unwrap();

        for answer in crowd().await {
            assert_eq!(answer, Err(AuthenticateError::Ended));
        }
    }
}

#[actix_web::test]
async fn one_bad_token_in_a_crowd_harms_no_other() {
    let actors = TestActors::start().await;
    let good = token_of(&actors, "alice").await;
    let bad = AccessToken::new("not.a.token".to_owned());

    let answers = join_all((0..40).map(|number| {
        let token = if number % 2 == 0 { good.clone() } else { bad.clone() };
        actors.accounts.ask(Authenticate { token })
    }))
    .await;

    for (number, answer) in answers.into_iter().enumerate() {
        if number % 2 == 0 {
            assert_eq!(answer.unwrap().user.username.as_str(), "alice");
        } else {
            assert_eq!(answer, Err(AuthenticateError::InvalidToken(InvalidToken::Malformed)));
        }
    }
}

#[actix_web::test]
async fn a_damaged_row_fails_its_owner_and_nobody_beside_them() {
    let actors = TestActors::start().await;
    let (alice, bob) =
        (newcomer(&actors, "alice", Role::User).await.1, newcomer(&actors, "bob", Role::User).await.1);
    let damage = "PRAGMA ignore_check_constraints = ON; UPDATE users SET role = '?' WHERE username = 'bob'";
    actors.ask_db(RunAsRead(damage.to_owned())).await.unwrap();

    let asked = join_all((0..40).map(|number| {
        let pair = if number % 2 == 0 { &alice } else { &bob };
        actors.accounts.ask(Authenticate { token: pair.access_token.clone() })
    }));
    let refreshed = futures_util::future::join(
        refresh(&actors, &bob.refresh_token),
        refresh(&actors, &alice.refresh_token),
    );
    let (asked, (of_bob, of_alice)) = futures_util::future::join(asked, refreshed).await;

    for (number, answer) in asked.into_iter().enumerate() {
        assert_eq!(answer.is_ok(), number % 2 == 0, "{number}: {answer:?}");
    }
    assert!(matches!(of_bob, Err(RefreshError::Actor(_))), "{of_bob:?}");
    of_alice.unwrap();
}
