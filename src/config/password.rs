//! How passwords are hashed and checked.

use clap::Args;

use crate::domain::PasswordPolicy;

/// How passwords are hashed and checked: the flags of the server and of the commands that set a password.
#[derive(Debug, Clone, Args)]
pub struct PasswordArgs {
    /// The bcrypt cost: each step doubles the time of a hash
    #[arg(long, env = "SEKISHO_BCRYPT_COST", default_value_t = Self::DEFAULT_BCRYPT_COST, value_parser = clap::value_parser!(u32).range(4..=31), value_name = "N")]
    pub bcrypt_cost: u32,

    /// The minimum number of characters in a password
    #[arg(long = "password-min-length", env = "SEKISHO_PASSWORD_MIN_LENGTH", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256), value_name = "N")]
    pub min_length: u32,
}

impl PasswordArgs {
    /// The default bcrypt cost.
    pub const DEFAULT_BCRYPT_COST: u32 = 12;

    /// The policy for new passwords.
    #[must_use]
    pub fn policy(&self) -> PasswordPolicy {
        PasswordPolicy::new(usize::try_from(self.min_length).unwrap_or(usize::MAX))
    }
}
