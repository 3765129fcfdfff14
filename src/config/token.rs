//! The contents of access tokens, and the keys that sign them.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::{
    ConfigError, read_secret_file,
    units::{days, minutes},
};
use crate::domain::{Algorithm, Audiences, check_shared_secret};

/// The flags of access tokens and of the keys that sign them.
#[derive(Debug, Clone, Args)]
pub struct TokenArgs {
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

    /// The lifetime of access tokens.
    #[command(flatten)]
    pub access: AccessTokenArgs,

    /// How many days a signing key is used before it is replaced
    #[arg(long = "key-rotation-days", env = "SEKISHO_KEY_ROTATION_DAYS", default_value = "90", value_parser = days(1..=3650), value_name = "N")]
    pub key_lifetime: Duration,
}

/// The lifetime of access tokens. The server needs it, and so does the command that shows how long keys
/// verify.
#[derive(Debug, Clone, Args)]
pub struct AccessTokenArgs {
    /// How long an access token is valid, and how long a replaced key verifies
    #[arg(long = "access-token-minutes", env = "SEKISHO_ACCESS_TOKEN_MINUTES", default_value = "30", value_parser = minutes(1..=10_080), value_name = "N")]
    pub lifetime: Duration,
}

impl TokenArgs {
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
}

fn parse_issuer(text: &str) -> Result<String, &'static str> {
    const EXPECTED: &str = "expected an http:// or https:// URL without query, fragment or trailing slash";
    const PATH: &str = "expected a path of plain segments, such as /auth, after the host";
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(EXPECTED)?;
    let plain = !rest.is_empty()
        && !rest.starts_with('/')
        && !rest.ends_with('/')
        && rest.bytes().all(|b| b.is_ascii_graphic() && !b"?#\"<>\\^`{|}".contains(&b));
    if !plain {
        return Err(EXPECTED);
    }
    // Proxies take `//` and `..` for something else, browsers `//` at the start for a host, and routes `*` for any text.
    let is_plain = |segment: &str| {
        !matches!(segment, "" | "." | "..") && !segment.bytes().any(|byte| b"*&'%".contains(&byte))
    };
    if rest.split('/').skip(1).all(is_plain) { Ok(text.to_owned()) } else { Err(PATH) }
}

fn parse_audience(text: &str) -> Result<String, &'static str> {
    const EXPECTED: &str = "expected a name such as https://orders.example.com, without whitespace";
    let is_plain = !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if is_plain { Ok(text.to_owned()) } else { Err(EXPECTED) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, domain::WeakSecret};

    fn token_args() -> TokenArgs {
        Config::default().token
    }

    #[test]
    fn an_issuer_is_a_plain_url() {
        for good in [
            "http://127.0.0.1:8000",
            "https://login.example.com",
            "https://example.com/auth",
            "https://a/b/v1.2~c",
        ] {
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
            "https://a//evil.example",
            "https://a/b//c",
            "https://a/../b",
            "https://a/./b",
            "https://a/b*",
            "https://a/b&lt",
            "https://a/b'c",
            "https://a/%2e%2e/b",
            "https://a/{b}",
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
        let args = |audience: &str| TokenArgs { audiences: vec![audience.to_owned()], ..token_args() };
        assert!(args("https://a").audiences("https://a").is_ok());
        assert!(matches!(args("https://a/admin").audiences("https://a"), Err(ConfigError::Audience(_))));
    }

    #[test]
    fn a_secret_key_must_be_a_random_one_and_the_algorithm_hs256() {
        const RANDOM: &str = "Yb0tT9cH4v7mKqz1R2uE5xWgLd8sAfPjN6yZoXiVhCQ";
        let args = |key: &str, algorithm| TokenArgs {
            secret_key: Some(SecretString::from(key.to_owned())),
            algorithm,
            ..token_args()
        };

        assert!(matches!(args(RANDOM, Algorithm::Hs256).hs256_key(), Ok(Some(_))));
        assert!(matches!(
            args("short", Algorithm::Hs256).hs256_key(),
            Err(ConfigError::PoorSecretKey(WeakSecret::Short(5)))
        ));
        assert!(matches!(args(RANDOM, Algorithm::Es256).hs256_key(), Err(ConfigError::SecretKeyNeedsHs256)));
    }
}
