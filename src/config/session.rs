//! The lifetime of sessions.

use std::time::Duration;

use clap::Args;

use super::units::{days, seconds};
use crate::domain::SessionRules;

/// The flags of sessions and their refresh tokens.
#[derive(Debug, Clone, Args)]
pub struct SessionArgs {
    /// How long a session lives after its refresh token was last used
    #[arg(long = "refresh-token-days", env = "SEKISHO_REFRESH_TOKEN_DAYS", default_value = "30", value_parser = days(1..=3650), value_name = "N")]
    pub refresh_lifetime: Duration,

    /// The maximum age of a session, however often it is used; 0: no limit
    #[arg(long = "session-max-days", env = "SEKISHO_SESSION_MAX_DAYS", default_value = "180", value_parser = days(0..=3650), value_name = "N")]
    pub max_age: Duration,

    /// How long a replaced refresh token is still accepted, for a retry or a second tab
    #[arg(long = "refresh-grace-seconds", env = "SEKISHO_REFRESH_GRACE_SECONDS", default_value = "10", value_parser = seconds(0..=300), value_name = "N")]
    pub refresh_grace: Duration,
}

impl SessionArgs {
    /// How long sessions live, and when their use is reported.
    #[must_use]
    pub fn rules(&self) -> SessionRules {
        SessionRules {
            refresh_lifetime: self.refresh_lifetime,
            max_age: (!self.max_age.is_zero()).then_some(self.max_age),
            refresh_grace: self.refresh_grace,
        }
    }
}
