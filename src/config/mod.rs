//! The configuration. Flags override environment variables, and those override `.env`.
//!
//! Only this module reads flags and the environment; `cli/dotenv.rs` reads `.env` into the environment. Each
//! flag has an environment variable, whose name stands beside it, so that an error can name both.

#![expect(clippy::doc_markdown, reason = "the fields' comments are the help that people read")]

mod access_tokens;
mod addresses;
mod encryption;
mod file_access;
mod log_format;

use std::{
    net::SocketAddr,
    num::{NonZeroU16, NonZeroUsize},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use clap::{ArgAction, Args};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

use self::addresses::{parse_network, parse_origin};
pub use self::{
    access_tokens::AccessTokenArgs,
    encryption::{EncryptionArgs, read_key_wrap},
    file_access::{SecretFileError, others_may_write, read_secret_file},
    log_format::LogFormat,
};
use crate::domain::{
    Algorithm, Audiences, InvalidEncryptionKey, PasswordPolicy, Registration, ReservedAudience, SessionRules,
    WeakSecret, check_shared_secret,
};

/// The location of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A file.
    File(PathBuf),
    /// In memory, lost when the process ends.
    Memory,
}

/// A text that names no usable database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a path, sqlite://PATH, sqlite:///PATH or :memory:")]
pub struct UnknownDatabase;

impl FromStr for Database {
    type Err = UnknownDatabase;

    /// Parses a path or a URL. `sqlite:///PATH` is SQLAlchemy's form, where a relative path has
    /// three slashes and an absolute one four.
    fn from_str(text: &str) -> Result<Self, UnknownDatabase> {
        let path = match text.split_once("://") {
            Some(("sqlite", rest)) => rest.strip_prefix('/').unwrap_or(rest),
            Some(_) => return Err(UnknownDatabase),
            None => text,
        };
        match path {
            "" if text.is_empty() => Err(UnknownDatabase),
            // SQLAlchemy's `sqlite://`, with nothing after it, is an in-memory database too.
            ":memory:" | "" => Ok(Self::Memory),
            // SQLite's own URLs have options, some of which lose data.
            _ if path.starts_with("file:") => Err(UnknownDatabase),
            _ => Ok(Self::File(PathBuf::from(path))),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self::File(PathBuf::from("sekisho.db"))
    }
}

/// The database's flag, which every command has.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// The database: a path, sqlite://PATH, SQLAlchemy's sqlite:///PATH, or :memory:
    #[arg(long = "database", env = "DATABASE_URL", default_value = "sekisho.db", value_name = "PATH")]
    pub location: Database,
}

/// How passwords are hashed and checked: the flags of the server and of the commands that set a password.
#[derive(Debug, Clone, Args)]
pub struct PasswordArgs {
    /// The bcrypt cost: each step doubles the time of a hash
    #[arg(long, env = "SEKISHO_BCRYPT_COST", default_value_t = Self::DEFAULT_BCRYPT_COST, value_parser = clap::value_parser!(u32).range(4..=31), value_name = "N")]
    pub bcrypt_cost: u32,

    /// The minimum number of characters in a password
    #[arg(long, env = "SEKISHO_PASSWORD_MIN_LENGTH", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256), value_name = "N")]
    pub password_min_length: u32,
}

impl PasswordArgs {
    /// The default bcrypt cost.
    pub const DEFAULT_BCRYPT_COST: u32 = 12;

    /// The policy for new passwords.
    #[must_use]
    pub fn policy(&self) -> PasswordPolicy {
        PasswordPolicy::new(usize::try_from(self.password_min_length).unwrap_or(usize::MAX))
    }
}

impl Default for PasswordArgs {
    fn default() -> Self {
        Self { bcrypt_cost: Self::DEFAULT_BCRYPT_COST, password_min_length: 8 }
    }
}

/// The settings of `sekisho serve`.
///
/// ```
/// use sekisho::config::{Config, Database};
///
/// let mut config = Config::default();
/// config.database.location = "accounts.db".parse()?;
/// config.issuer = Some("https://login.example.com".to_owned());
///
/// // All other settings have the defaults that `sekisho serve --help` shows.
/// assert_eq!(config.database.location, Database::File("accounts.db".into()));
/// assert_eq!(config.password.bcrypt_cost, 12);
/// # Ok::<(), sekisho::config::UnknownDatabase>(())
/// ```
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// The address to listen on; port 0 takes any free port
    #[arg(long, env = "SEKISHO_LISTEN", default_value = "127.0.0.1:8000", value_name = "ADDRESS")]
    pub listen: SocketAddr,

    #[command(flatten)]
    #[doc(hidden)]
    pub database: DatabaseArgs,

    #[command(flatten)]
    #[doc(hidden)]
    pub encryption: EncryptionArgs,

    #[command(flatten)]
    #[doc(hidden)]
    pub password: PasswordArgs,

    /// Whether users may create their own accounts: open or closed
    #[arg(long, env = "SEKISHO_REGISTRATION", default_value_t, value_name = "WHO")]
    pub registration: Registration,

    /// The `iss` of tokens: this service's URL as clients see it [default: http:// and the listening address]
    #[arg(long, env = "SEKISHO_ISSUER", value_parser = parse_issuer, value_name = "URL")]
    pub issuer: Option<String>,

    /// A service that accepts access tokens, by its name in their `aud` (repeatable; commas in the variable)
    #[arg(long = "audience", env = "SEKISHO_AUDIENCE", value_parser = parse_audience, value_delimiter = ',', value_name = "NAME")]
    pub audiences: Vec<String>,

    /// The algorithm that signs access tokens: ES256, HS256, RS256 or EdDSA
    #[arg(long, env = "SEKISHO_ALGORITHM", default_value = "ES256", value_name = "NAME")]
    pub algorithm: Algorithm,

    /// The HS256 key, at least 32 bytes; without it keys are made and kept in the database
    #[arg(
        long,
        env = "SEKISHO_SECRET_KEY",
        hide_env_values = true,
        value_name = "SECRET",
        conflicts_with = "secret_key_file"
    )]
    pub secret_key: Option<SecretString>,

    /// A file with the HS256 key, which keeps it out of the list of processes
    #[arg(long, env = "SEKISHO_SECRET_KEY_FILE", value_name = "FILE")]
    pub secret_key_file: Option<PathBuf>,

    #[command(flatten)]
    #[doc(hidden)]
    pub access_tokens: AccessTokenArgs,

    /// How long a session lives after its refresh token was last used
    #[arg(long, env = "SEKISHO_REFRESH_TOKEN_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650), value_name = "N")]
    pub refresh_token_days: u32,

    /// The maximum age of a session, however often it is used; 0: no limit
    #[arg(long, env = "SEKISHO_SESSION_MAX_DAYS", default_value_t = 180, value_parser = clap::value_parser!(u32).range(0..=3650), value_name = "N")]
    pub session_max_days: u32,

    /// How long a replaced refresh token is still accepted, for a retry or a second tab
    #[arg(long, env = "SEKISHO_REFRESH_GRACE_SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=300), value_name = "N")]
    pub refresh_grace_seconds: u32,

    /// How many days a signing key is used before it is replaced
    #[arg(long, env = "SEKISHO_KEY_ROTATION_DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650), value_name = "N")]
    pub key_rotation_days: u32,

    /// A login that would wait longer for its hash is refused at once
    #[arg(long, env = "SEKISHO_MAX_LOGIN_WAIT_SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=60), value_name = "N")]
    pub max_login_wait_seconds: u32,

    /// Threads that serve HTTP [default: the number of cores]
    #[arg(long, env = "SEKISHO_WORKERS", value_name = "N")]
    pub workers: Option<NonZeroU16>,

    /// Whether /docs, /openapi.json and / are served: on or off
    #[arg(long, env = "SEKISHO_DOCS", default_value = "on", value_parser = parse_switch, action = ArgAction::Set, value_name = "SWITCH")]
    pub docs: bool,

    /// An origin whose pages may call the API, such as `https://app.example.com` (repeatable; commas in the variable)
    #[arg(long = "cors-origin", env = "SEKISHO_CORS_ORIGIN", value_parser = parse_origin, value_delimiter = ',', value_name = "ORIGIN")]
    pub cors_origins: Vec<String>,

    /// An address or network whose Forwarded and X-Forwarded-For headers are believed (repeatable; commas in the variable)
    #[arg(long = "trusted-proxy", env = "SEKISHO_TRUSTED_PROXY", value_parser = parse_network, value_delimiter = ',', value_name = "NETWORK")]
    pub trusted_proxies: Vec<IpNet>,

    /// The address on which to serve Prometheus metrics, apart from the API
    #[arg(long, env = "SEKISHO_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,

    /// The format of the log: text, or json for one JSON object per line
    #[arg(
        long,
        env = "SEKISHO_LOG_FORMAT",
        default_value_t,
        value_enum,
        hide_possible_values = true,
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,
}

impl Default for Config {
    /// The defaults of `sekisho serve`.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            database: DatabaseArgs { location: Database::default() },
            encryption: EncryptionArgs::default(),
            password: PasswordArgs::default(),
            registration: Registration::default(),
            issuer: None,
            audiences: Vec::new(),
            algorithm: Algorithm::Es256,
            secret_key: None,
            secret_key_file: None,
            access_tokens: AccessTokenArgs::default(),
            refresh_token_days: 30,
            session_max_days: 180,
            refresh_grace_seconds: 10,
            key_rotation_days: 90,
            max_login_wait_seconds: 5,
            workers: None,
            docs: true,
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            metrics_listen: None,
            log_format: LogFormat::default(),
        }
    }
}

/// Settings that contradict each other or are unusable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A service has the audience of administrators' tokens.
    #[error("--audience (SEKISHO_AUDIENCE): {0}")]
    Audience(#[from] ReservedAudience),
    /// The file of the HS256 key cannot be used.
    #[error("--secret-key-file (SEKISHO_SECRET_KEY_FILE): {0}")]
    SecretKeyFile(#[source] SecretFileError),
    /// The file of an encryption key cannot be used.
    #[error("{flag}: {source}")]
    EncryptionKeyFile {
        /// The flag that named the file.
        flag: &'static str,
        /// Why it cannot be used.
        source: SecretFileError,
    },
    /// The file of an encryption key contains none.
    #[error("{flag}: {path} holds no key: {source}")]
    EncryptionKey {
        /// The flag that named the file.
        flag: &'static str,
        /// The path of the file.
        path: String,
        /// The required form of a key.
        source: InvalidEncryptionKey,
    },
    /// The key can be guessed, or is published.
    #[error("--secret-key (SEKISHO_SECRET_KEY): {0}; make one with: openssl rand -base64 48")]
    PoorSecretKey(#[from] WeakSecret),
    /// The keys of other algorithms are pairs.
    #[error("--secret-key (SEKISHO_SECRET_KEY) needs --algorithm HS256 (SEKISHO_ALGORITHM)")]
    SecretKeyNeedsHs256,
}

impl Config {
    /// The audiences of access tokens, given their issuer.
    ///
    /// # Errors
    ///
    /// If a service has the audience of the administration.
    pub fn audiences(&self, issuer: &str) -> Result<Audiences, ConfigError> {
        let mut audiences = Audiences::new(issuer);
        for audience in &self.audiences {
            audiences.add(audience)?;
        }
        Ok(audiences)
    }

    /// The HS256 key, from its flag or its file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, the key can be guessed, or the algorithm is another one.
    pub fn hs256_key(&self) -> Result<Option<SecretString>, ConfigError> {
        let key = match (&self.secret_key, &self.secret_key_file) {
            (Some(key), _) => key.clone(),
            (None, Some(path)) => {
                let text = read_secret_file(path).map_err(ConfigError::SecretKeyFile)?;
                SecretString::from(text.as_str())
            }
            (None, None) => return Ok(None),
        };
        if self.algorithm != Algorithm::Hs256 {
            return Err(ConfigError::SecretKeyNeedsHs256);
        }
        check_shared_secret(key.expose_secret())?;
        Ok(Some(key))
    }

    /// How long sessions live, and when their use is reported.
    #[must_use]
    pub fn session_rules(&self) -> SessionRules {
        SessionRules {
            refresh_lifetime: days(self.refresh_token_days),
            max_age: (self.session_max_days > 0).then(|| days(self.session_max_days)),
            refresh_grace: Duration::from_secs(u64::from(self.refresh_grace_seconds)),
        }
    }

    /// How long a key signs.
    #[must_use]
    pub fn key_lifetime(&self) -> Duration {
        days(self.key_rotation_days)
    }

    /// How long a login may wait for its hash.
    #[must_use]
    pub fn max_login_wait(&self) -> Duration {
        Duration::from_secs(u64::from(self.max_login_wait_seconds))
    }

    /// The number of threads that serve HTTP.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        self.workers.map_or_else(|| cores().get(), |workers| usize::from(workers.get()))
    }
}

fn days(number: u32) -> Duration {
    Duration::from_secs(24 * 60 * 60 * u64::from(number))
}

/// The number of cores that this process may use.
#[must_use]
pub fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn parse_issuer(text: &str) -> Result<String, &'static str> {
    const EXPECTED: &str = "expected an http:// or https:// URL without query, fragment or trailing slash";
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(EXPECTED)?;
    let plain = !rest.is_empty()
        && !rest.starts_with('/')
        && !rest.ends_with('/')
        && rest.bytes().all(|b| b.is_ascii_graphic() && !b"?#\"<>\\^`{|}".contains(&b));
    if plain { Ok(text.to_owned()) } else { Err(EXPECTED) }
}

fn parse_audience(text: &str) -> Result<String, &'static str> {
    const EXPECTED: &str = "expected a name such as https://orders.example.com, without whitespace";
    let is_plain = !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if is_plain { Ok(text.to_owned()) } else { Err(EXPECTED) }
}

fn parse_switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected on or off"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_by_path_or_url() {
        let file = |path: &str| Ok(Database::File(PathBuf::from(path)));
        for (text, expected) in [
            ("sekisho.db", file("sekisho.db")),
            ("/var/lib/sekisho.db", file("/var/lib/sekisho.db")),
            ("sqlite://data/a.db", file("data/a.db")),
            ("sqlite:///data/a.db", file("data/a.db")),
            ("sqlite:////data/a.db", file("/data/a.db")),
            (":memory:", Ok(Database::Memory)),
            ("sqlite://", Ok(Database::Memory)),
            ("sqlite:///:memory:", Ok(Database::Memory)),
            ("postgres://localhost/x", Err(UnknownDatabase)),
            ("file:sekisho.db?nolock=1", Err(UnknownDatabase)),
            ("", Err(UnknownDatabase)),
        ] {
            assert_eq!(text.parse::<Database>(), expected, "{text}");
        }
    }

    #[test]
    fn an_issuer_is_a_plain_url() {
        for good in ["http://127.0.0.1:8000", "https://login.example.com", "https://example.com/auth"] {
            assert_eq!(parse_issuer(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "example.com",
            "https://",
            "https:///x",
            "https://a/",
            "https://a?b",
            "https://a b",
            "ftp://a",
        ] {
            assert!(parse_issuer(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_audience_is_one_word_and_not_the_administration() {
        for good in ["https://orders.example.com", "orders", "urn:example:orders", "注文"] {
            assert_eq!(parse_audience(good).as_deref(), Ok(good));
        }
        for bad in ["", " ", "orders ", "or\tders", "or\0ders", "or\u{a0}ders"] {
            assert!(parse_audience(bad).is_err(), "{bad:?}");
        }
        let config = |audience: &str| Config { audiences: vec![audience.to_owned()], ..Config::default() };
        assert!(config("https://a").audiences("https://a").is_ok());
        assert!(matches!(config("https://a/admin").audiences("https://a"), Err(ConfigError::Audience(_))));
    }

    #[test]
    fn a_secret_key_must_be_a_random_one_and_the_algorithm_hs256() {
        const RANDOM: &str = "Yb0tT9cH4v7mKqz1R2uE5xWgLd8sAfPjN6yZoXiVhCQ";
        let config = |key: &str, algorithm| Config {
            secret_key: Some(SecretString::from(key.to_owned())),
            algorithm,
            ..Config::default()
        };

        assert!(matches!(config(RANDOM, Algorithm::Hs256).hs256_key(), Ok(Some(_))));
        assert!(matches!(
            config("short", Algorithm::Hs256).hs256_key(),
            Err(ConfigError::PoorSecretKey(WeakSecret::Short(5)))
        ));
        assert!(matches!(
            config(RANDOM, Algorithm::Es256).hs256_key(),
            Err(ConfigError::SecretKeyNeedsHs256)
        ));
    }
}
