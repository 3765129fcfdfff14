//! What all these tests share, and the actors without HTTP.

#[path = "../support/mod.rs"]
mod shared;

use sekisho::{
    actors::{
        Handle,
        account::AccountActor,
        db::{Answerable, Db, DbError},
    },
    app::{Overrides, Sekisho},
    config::Config,
    domain::{Clock, Context, Timestamp},
};
use tempfile::TempDir;

pub use self::shared::*;

/// The actors without HTTP.
pub struct TestActors {
    pub sekisho: Sekisho,
    pub accounts: Handle<AccountActor>,
    pub clock: Clock,
    pub directory: TempDir,
}

impl TestActors {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(adjust: impl FnOnce(&mut Config)) -> Self {
        let directory = TempDir::new().unwrap();
        let mut config = config(&directory);
        adjust(&mut config);
        let clock = Clock::manual(START);
        let overrides = Overrides { clock: clock.clone(), ..Overrides::default() };
        let sekisho = Sekisho::start(config, "http://sekisho.test", overrides).await.unwrap();
        Self { accounts: sekisho.accounts(), sekisho, clock, directory }
    }

    pub fn context(&self) -> Context {
        Context::system(self.clock.now())
    }

    /// Sends a message to the database, now.
    pub async fn ask_db<M: Answerable>(&self, message: M) -> Result<M::Answer, DbError> {
        self.sekisho.db().ask(message, &self.context()).await
    }
}

/// What Sekisho does by itself at [`START`].
pub fn at_start() -> Context {
    Context::system(START)
}

/// Sends messages to the database as Sekisho itself does.
pub trait SendToDb {
    async fn send_at<M: Answerable>(&self, message: M, now: Timestamp) -> Result<M::Answer, DbError>;

    /// Sends a message at [`START`].
    async fn send<M: Answerable>(&self, message: M) -> Result<M::Answer, DbError> {
        self.send_at(message, START).await
    }
}

impl SendToDb for Db {
    async fn send_at<M: Answerable>(&self, message: M, now: Timestamp) -> Result<M::Answer, DbError> {
        self.ask(message, &Context::system(now)).await
    }
}
