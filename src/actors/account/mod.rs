//! `AccountActor`: the use cases, a file each.
//!
//! A use case is a message. HTTP sends it, a test sends it, somebody's own actix application
//! sends it. The actor knows no SQL, no cryptography and no HTTP: it asks the actors that do.

mod admin;
mod authenticate;
mod check_password;
mod coalescer;
mod error;
mod login;
mod own_account;
mod refresh;
mod register;
mod renewals;
mod revoke;
mod sessions;

use std::{future::Future, pin::pin, rc::Rc};

use actix::{
    Actor, Context, Handler, Message,
    dev::{MessageResponse, OneshotSender},
};
use futures_util::future::{Either, select};

pub use self::{
    admin::{
        AdminError, BrowseUsers, ChangeUser, EndSessionsOfUser, RemoveUser, ShowSessionsOfUser, ShowUser,
    },
    authenticate::{Authenticate, AuthenticateError, Caller},
    check_password::CheckError,
    coalescer::Coalescer,
    error::ActorError,
    login::{LogIn, LoginError},
    own_account::{ChangeEmail, ChangePassword, DeleteAccount, OwnAccountError},
    refresh::{Refresh, RefreshError},
    register::{AddUser, Register, RegisterError},
    renewals::Renewals,
    revoke::{LogOut, Revoke, RevokeError},
    sessions::{EndOtherSessions, EndOwnSession, ListOwnSessions, OwnSessionError},
};
use super::{
    Handle, Unreachable,
    db::{Db, FindActiveUsers, RotateSessions},
    password::Passwords,
    throttle::Throttle,
    token::TokenActor,
};
use crate::domain::{Clock, PasswordPolicy, Registration, SessionRules};

/// What every use case works with: the other actors and the rules.
#[derive(Clone)]
pub struct Dependencies {
    /// The database.
    pub db: Db,
    /// The same, for the one question that every authenticated request asks.
    pub lookups: Coalescer<FindActiveUsers>,
    /// The same, for refreshes.
    pub rotations: Coalescer<RotateSessions>,
    /// The hash threads, behind their queue.
    pub passwords: Passwords,
    /// Who may try a password, and when.
    pub throttle: Throttle,
    /// The hashes that are about to be renewed.
    pub renewals: Renewals,
    /// This worker's signer.
    pub tokens: Handle<TokenActor>,
    /// The time.
    pub clock: Clock,
    /// The rules.
    pub rules: Rules,
}

/// The settings that the use cases apply.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// What a new password must be.
    pub password: PasswordPolicy,
    /// Who may register.
    pub registration: Registration,
    /// How long sessions live, and what of their use is told.
    pub sessions: SessionRules,
}

/// The actor of the use cases; see the module's documentation.
pub struct AccountActor {
    deps: Rc<Dependencies>,
}

impl AccountActor {
    /// An actor that works with these others.
    #[must_use]
    pub fn new(deps: Dependencies) -> Self {
        Self { deps: Rc::new(deps) }
    }
}

impl Actor for AccountActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(4096);
    }
}

/// A use case: a message, and what is done about it.
pub trait UseCase: Message<Result = Result<Self::Answer, Self::Error>> + Send + 'static {
    /// What the sender gets.
    type Answer: Send + 'static;
    /// Why the sender does not get it.
    type Error: From<Unreachable> + Send + 'static;

    /// Does it. The future may be dropped at any point where it waits: whatever must happen
    /// together is one message to one actor.
    fn run(self, deps: &Dependencies) -> impl Future<Output = Result<Self::Answer, Self::Error>>;
}

impl<M: UseCase> Handler<M> for AccountActor {
    type Result = CancelOnHangUp<M>;

    fn handle(&mut self, message: M, _: &mut Context<Self>) -> CancelOnHangUp<M> {
        CancelOnHangUp { message, deps: Rc::clone(&self.deps) }
    }
}

/// Asks whether the actor answers.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), Unreachable>")]
pub struct PingAccount;

impl UseCase for PingAccount {
    type Answer = ();
    type Error = Unreachable;

    async fn run(self, _: &Dependencies) -> Result<(), Unreachable> {
        Ok(())
    }
}

/// Runs a use case for as long as somebody waits for its answer.
///
/// When a client hangs up, its handler is dropped and with it the request for the answer. Then
/// the use case is dropped too, and the password that waits to be hashed for nobody leaves the
/// queue.
pub struct CancelOnHangUp<M> {
    message: M,
    deps: Rc<Dependencies>,
}

impl<M: UseCase> MessageResponse<AccountActor, M> for CancelOnHangUp<M> {
    fn handle(self, _: &mut Context<AccountActor>, sender: Option<OneshotSender<M::Result>>) {
        let Some(mut sender) = sender else { return };
        actix::spawn(async move {
            let answer = {
                let work = pin!(self.message.run(&self.deps));
                let hung_up = pin!(sender.closed());
                match select(work, hung_up).await {
                    Either::Left((answer, _)) => answer,
                    Either::Right(_) => return,
                }
            };
            // Whoever hung up just now wants no answer.
            let _ = sender.send(answer);
        });
    }
}
