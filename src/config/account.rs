//! Registration and logins.

use std::time::Duration;

use clap::Args;

use super::units::seconds;
use crate::domain::Registration;

/// The flags of registration and logins.
#[derive(Debug, Clone, Args)]
pub struct AccountArgs {
    /// Whether users may create their own accounts: open or closed
    #[arg(long, env = "SEKISHO_REGISTRATION", default_value_t, value_name = "WHO")]
    pub registration: Registration,

    /// A login that would wait longer for its hash is refused at once
    #[arg(long = "max-login-wait-seconds", env = "SEKISHO_MAX_LOGIN_WAIT_SECONDS", default_value = "5", value_parser = seconds(1..=60), value_name = "N")]
    pub max_login_wait: Duration,
}
