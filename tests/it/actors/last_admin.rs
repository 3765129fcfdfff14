//! There is always an administrator.

use futures_util::future::join_all;
use sekisho::{
    actors::{
        account::{AdminError, ChangeUser, DeleteAccount, OwnAccountError, RemoveUser},
        db::FindUser,
    },
    domain::{AccessToken, RequestOrigin, Role, User, UserChange, UserId},
};

use super::{
    probes::Run,
    steps::{newcomer, password, register},
};
use crate::support::{PASSWORD, TestActors};

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

async fn find(actors: &TestActors, id: UserId) -> Option<User> {
    actors.ask_db(FindUser { id }).await.unwrap()
}

#[actix_web::test]
async fn the_last_admin_can_be_neither_disabled_demoted_nor_deleted() {
    let actors = TestActors::start().await;
    let (root, tokens) = newcomer(&actors, "root", Role::Admin).await;
    register(&actors, "alice", Role::User).await;
    let token = tokens.access_token;
    let leave = DeleteAccount {
        token: token.clone(),
        password: password(PASSWORD),
        origin: RequestOrigin::default(),
    };

    assert_eq!(change(&actors, &token, root.id, demote()).await, Err(AdminError::LastAdmin));
    assert_eq!(change(&actors, &token, root.id, disable()).await, Err(AdminError::LastAdmin));
    let remove = RemoveUser { token: token.clone(), id: root.id, origin: RequestOrigin::default() };
    assert_eq!(actors.accounts.ask(remove).await, Err(AdminError::LastAdmin));
    assert_eq!(actors.accounts.ask(leave).await, Err(OwnAccountError::LastAdmin));
    assert_eq!(find(&actors, root.id).await, Some(root));
}

#[actix_web::test]
async fn a_disabled_admin_does_not_count() {
    let actors = TestActors::start().await;
    let (root, tokens) = newcomer(&actors, "root", Role::Admin).await;
    let other = register(&actors, "other", Role::Admin).await;
    change(&actors, &tokens.access_token, other.id, disable()).await.unwrap();

    assert_eq!(change(&actors, &tokens.access_token, root.id, demote()).await, Err(AdminError::LastAdmin));
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

#[actix_web::test]
async fn an_admin_who_was_demoted_administers_no_more_with_the_token_they_have() {
    let actors = TestActors::start().await;
    let (_, root) = newcomer(&actors, "root", Role::Admin).await;
    let (other, tokens) = newcomer(&actors, "other", Role::Admin).await;

    change(&actors, &root.access_token, other.id, demote()).await.unwrap();

    assert_eq!(change(&actors, &tokens.access_token, other.id, demote()).await, Err(AdminError::Forbidden));
}
