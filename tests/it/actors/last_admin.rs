//! There is always an administrator.

use futures_util::future::join_all;
use sekisho::{
    actors::{
        account::{AdminError, ChangeUser, RemoveUser},
        db::ChangeRefused,
    },
    domain::{AccessToken, RequestOrigin, Role, User, UserChange, UserId},
};

use super::{
    probes::Run,
    steps::{newcomer, register},
};
use crate::support::TestActors;

fn demote() -> UserChange {
    UserChange { role: Some(Role::User), ..UserChange::default() }
}

fn disable() -> UserChange {
    UserChange { disabled: Some(true), ..UserChange::default() }
}

async fn change(
    actors: &TestActors,
    token: &AccessToken,
    id: UserId,
    change: UserChange,
) -> Result<User, AdminError> {
    actors
        .accounts
        .ask(ChangeUser { token: token.clone(), id, change, origin: RequestOrigin::default() })
        .await
}

#[actix_web::test]
async fn a_disabled_admin_does_not_count() {
    let actors = TestActors::start().await;
    let (root, tokens) = newcomer(&actors, "root", Role::Admin).await;
    let other = register(&actors, "other", Role::Admin).await;
    change(&actors, &tokens.access_token, other.id, disable()).await.unwrap();

    assert_eq!(
        change(&actors, &tokens.access_token, root.id, demote()).await,
        Err(ChangeRefused::LastAdmin.into())
    );
    // And a disabled one can be removed.
    let remove =
        RemoveUser { token: tokens.access_token.clone(), id: other.id, origin: RequestOrigin::default() };
    assert_eq!(actors.accounts.ask(remove).await, Ok(()));
}

#[actix_web::test]
async fn of_two_admins_who_demote_disable_or_delete_each_other_at_once_one_succeeds() {
    let actors = TestActors::start().await;
    for round in 0..12 {
        let (one, one_tokens) = newcomer(&actors, &format!("one{round}"), Role::Admin).await;
        let (two, two_tokens) = newcomer(&actors, &format!("two{round}"), Role::Admin).await;

        let attempts = [(&one_tokens, two.id), (&two_tokens, one.id)].map(|(tokens, id)| {
            let (token, actors) = (tokens.access_token.clone(), &actors);
            async move {
                match round % 3 {
                    0 => change(actors, &token, id, demote()).await.map(drop),
                    1 => change(actors, &token, id, disable()).await.map(drop),
                    _ => {
                        actors.accounts.ask(RemoveUser { token, id, origin: RequestOrigin::default() }).await
                    }
                }
            }
        });
        let answers = join_all(attempts).await;

        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{round}: {answers:?}");
        // The remaining administrator makes room for the next round by SQL, because no message could.
        let sql = "UPDATE users SET role = 'user'".to_owned();
        actors.ask_db(Run(sql)).await.unwrap();
    }
}
