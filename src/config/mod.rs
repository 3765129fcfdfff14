//! The configuration. Flags override environment variables, and those override `.env`.
//!
//! Only this module reads flags and the environment; `cli/dotenv.rs` reads `.env` into the environment. Each
//! flag has an environment variable, whose name stands beside it, so that an error can name both.

#![expect(clippy::doc_markdown, reason = "the fields' comments are the help that people read")]

mod account;
mod addresses;
mod database;
mod encryption;
mod error;
mod file_access;
mod password;
mod server;
mod session;
mod token;
mod units;

use clap::{Args, Command, FromArgMatches, builder::Resettable};

pub use self::{
    account::AccountArgs,
    database::{Database, DatabaseArgs, UnknownDatabase},
    encryption::{EncryptionArgs, read_key_wrap},
    error::ConfigError,
    file_access::{SecretFileError, others_may_write, read_secret_file},
    password::PasswordArgs,
    server::{LogFormat, ServerArgs, cores},
    session::SessionArgs,
    token::{AccessTokenArgs, TokenArgs},
};

/// The settings of `sekisho serve`, in sections.
///
/// ```
/// use sekisho::config::{Config, Database};
///
/// let mut config = Config::default();
/// config.database.location = "accounts.db".parse()?;
/// config.token.issuer = Some("https://login.example.com".to_owned());
///
/// // All other settings have the defaults that `sekisho serve --help` shows.
/// assert_eq!(config.database.location, Database::File("accounts.db".into()));
/// assert_eq!(config.password.bcrypt_cost, 12);
/// # Ok::<(), sekisho::config::UnknownDatabase>(())
/// ```
#[derive(Debug, Clone, Args)]
#[expect(missing_docs, reason = "the type of each section says what it contains")]
pub struct Config {
    #[command(flatten)]
    pub server: ServerArgs,
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub encryption: EncryptionArgs,
    #[command(flatten)]
    pub account: AccountArgs,
    #[command(flatten)]
    pub password: PasswordArgs,
    #[command(flatten)]
    pub session: SessionArgs,
    #[command(flatten)]
    pub token: TokenArgs,
}

impl Default for Config {
    /// The defaults of `sekisho serve`. No variable of the environment is read.
    fn default() -> Self {
        let command = Self::augment_args(Command::new("serve").no_binary_name(true));
        let without_variables = command.mut_args(|argument| argument.env(Resettable::Reset));
        let parsed = without_variables.try_get_matches_from([""; 0]);
        #[expect(clippy::expect_used, reason = "a mistake in this module, not a condition at run time")]
        parsed.and_then(|matches| Self::from_arg_matches(&matches)).expect("each default is valid")
    }
}
