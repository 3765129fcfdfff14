//! Common steps of the use cases' tests: registering, logging in and refreshing.

use std::{future::Future, net::IpAddr, time::Duration};

use actix_web::rt::{spawn, task::JoinHandle, time};
use sekisho::{
    actors::{
        account::{
            AddUser, Authenticate, AuthenticateError, Caller, LogIn, LoginError, Refresh, RefreshError,
            Register,
        },
        db::ListSessions,
    },
    config::{Config, PasswordArgs},
    domain::{
        AccessToken, Email, EndReason, NewPassword, Password, RefreshToken, RequestOrigin, Role, Scope,
        Session, SessionId, TokenPair, User, UserId, Username,
    },
};

use crate::support::{PASSWORD, TestActors};

/// Nothing that a test waits for takes this long unless it never happens.
const TIMEOUT: Duration = Duration::from_secs(30);

pub fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

/// A password that the laxest policy accepts.
pub fn new_password(text: &str) -> NewPassword {
    let laxest = PasswordArgs { min_length: 1, ..Config::default().password };
    laxest.policy().accept(password(text), &[]).unwrap()
}

pub fn from_address(ip: &str) -> RequestOrigin {
    let ip: IpAddr = ip.parse().unwrap();
    RequestOrigin { ip: Some(ip), ..RequestOrigin::default() }
}

/// The registration of a user with [`PASSWORD`] and `NAME@example.com`.
pub fn registration(name: &str) -> Register {
    Register {
        email: Email::parse(&format!("{name}@example.com")).unwrap(),
        username: Username::parse(name).unwrap(),
        password: new_password(PASSWORD),
        origin: RequestOrigin::default(),
    }
}

pub async fn register(actors: &TestActors, name: &str, role: Role) -> User {
    let Register { email, username, password, origin } = registration(name);
    actors.accounts.ask(AddUser { email, username, password, role, origin }).await.unwrap()
}

pub fn log_in_as(name: &str, text: &str, origin: RequestOrigin) -> LogIn {
    LogIn { name: name.to_owned(), password: password(text), scope: Scope::default(), origin }
}

pub async fn try_log_in(actors: &TestActors, name: &str, text: &str) -> Result<TokenPair, LoginError> {
    actors.accounts.ask(log_in_as(name, text, RequestOrigin::default())).await
}

/// Logs in with [`PASSWORD`].
pub async fn log_in(actors: &TestActors, name: &str) -> TokenPair {
    try_log_in(actors, name, PASSWORD).await.unwrap()
}

/// Registers a user and logs them in with every scope that their role may have.
pub async fn newcomer(actors: &TestActors, name: &str, role: Role) -> (User, TokenPair) {
    let user = register(actors, name, role).await;
    let log_in = LogIn { scope: Scope::of(role), ..log_in_as(name, PASSWORD, RequestOrigin::default()) };
    (user, actors.accounts.ask(log_in).await.unwrap())
}

pub async fn refresh(actors: &TestActors, token: &RefreshToken) -> Result<TokenPair, RefreshError> {
    refresh_from(actors, token, RequestOrigin::default()).await
}

pub async fn refresh_from(
    actors: &TestActors,
    token: &RefreshToken,
    origin: RequestOrigin,
) -> Result<TokenPair, RefreshError> {
    actors.accounts.ask(Refresh { token: token.clone(), scope: Scope::default(), origin }).await
}

pub async fn authenticate(actors: &TestActors, token: &AccessToken) -> Result<Caller, AuthenticateError> {
    actors.accounts.ask(Authenticate { token: token.clone() }).await
}

/// All of a user's sessions, the newest first, including ended ones.
pub async fn sessions_of(actors: &TestActors, user_id: UserId) -> Vec<Session> {
    let list = ListSessions { user_id, with_ended: true };
    actors.ask_db(list).await.unwrap()
}

/// Why each of a user's sessions ended, the oldest first; `None` for those that are alive.
pub async fn ends_of(actors: &TestActors, user_id: UserId) -> Vec<Option<EndReason>> {
    let mut sessions = sessions_of(actors, user_id).await;
    sessions.reverse();
    sessions.into_iter().map(|session| session.ended.map(|(_, reason)| reason)).collect()
}

pub async fn session_of(actors: &TestActors, tokens: &TokenPair) -> SessionId {
    authenticate(actors, &tokens.access_token).await.unwrap().session_id
}

/// Waits until a condition holds.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            time::sleep(Duration::from_millis(1)).await;
        }
    };
    assert!(time::timeout(TIMEOUT, wait).await.is_ok(), "never happened: {what}");
}

/// Begins some work, and returns when the messages that it can send by itself have reached their actors'
/// threads.
pub async fn begin<T: 'static>(work: impl Future<Output = T> + 'static) -> JoinHandle<T> {
    let begun = spawn(work);
    settle().await;
    begun
}

/// Lets everything on this thread run until it waits for another thread: all of a test's tasks, and the
/// forwarders to the sync actors.
pub async fn settle() {
    for _ in 0..100 {
        actix_web::rt::task::yield_now().await;
    }
}
