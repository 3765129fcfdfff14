//! The lifetime of access tokens.

use std::time::Duration;

use clap::Args;

/// The lifetime of access tokens. The server needs it, and so does the command that shows how long keys
/// verify.
#[derive(Debug, Clone, Args)]
pub struct AccessTokenArgs {
    /// How long an access token is valid, and how long a replaced key verifies
    #[arg(long, env = "SEKISHO_ACCESS_TOKEN_MINUTES", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=10_080), value_name = "N")]
    pub access_token_minutes: u32,
}

impl AccessTokenArgs {
    /// How long an access token is valid.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.access_token_minutes))
    }
}

impl Default for AccessTokenArgs {
    fn default() -> Self {
        Self { access_token_minutes: 30 }
    }
}
