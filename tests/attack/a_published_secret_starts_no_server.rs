//! Once: a server started with the secret that FastAPI's tutorial prints, which has been copied a thousand
//! times. Anyone who knows it could sign tokens for every service that trusts it.

use sekisho::{
    app::{AppError, Overrides, Sekisho},
    config::ConfigError,
    domain::{Algorithm, WeakSecret},
};
use tempfile::TempDir;

use crate::support::config;

#[actix_web::test]
async fn a_published_secret_starts_no_server() {
    for (secret, reason) in [
        ("09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7", WeakSecret::Published),
        ("changeme-changeme-changeme-changeme", WeakSecret::Placeholder("changeme")),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", WeakSecret::Monotonous),
    ] {
        let directory = TempDir::new().unwrap();
        let mut config = config(&directory);
        (config.token.algorithm, config.token.secret_key) = (Algorithm::Hs256, Some(secret.into()));

        let started = Sekisho::start(config, "http://sekisho.test", Overrides::default()).await;

        let refused = started.err().unwrap();
        assert!(
            matches!(refused, AppError::Config(ConfigError::PoorSecretKey(found)) if found == reason),
            "{refused}"
        );
        assert!(!refused.to_string().contains(&secret[..10]), "{refused}");
    }
}
