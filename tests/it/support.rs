//! What all these tests share, and the actors without HTTP.

#[path = "../support/mod.rs"]
mod shared;

use sekisho::{
    actors::{Handle, account::AccountActor},
    app::{Overrides, Sekisho},
    config::Config,
    domain::Clock,
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
}
