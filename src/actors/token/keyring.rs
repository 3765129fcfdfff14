//! The keyring: which key signs, which keys verify, and which are published.

use std::time::Duration;

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{
    key::{Key, KeyError},
    life::{KeySummary, state, verification_ends},
    refresh::{RefreshKeys, SecretVersion},
    tag::TagKeys,
};
use crate::domain::{Algorithm, Audiences, KeySet, KeyWrap, Timestamp, signing_key};

/// The settings of the keyring.
#[derive(Debug, Clone)]
pub struct SigningSetup {
    /// The issuer, the `iss` of tokens.
    pub issuer: String,
    /// The audiences of tokens.
    pub audiences: Audiences,
    /// How long access tokens are valid.
    pub token_lifetime: Duration,
    /// The HS256 key of the configuration. With it, the keys in the database only verify.
    pub secret_key: Option<SecretString>,
    /// When this process started.
    pub started_at: Timestamp,
    /// How the keys in the database are wrapped.
    pub key_wrap: KeyWrap,
}

/// All keys of this process, parsed.
pub struct Keyring {
    issuer: String,
    audiences: Audiences,
    /// The oldest first. An announced key is skipped if a later one, required at once by the configuration or
    /// an operator, signs before it.
    keys: Vec<Key>,
    refresh: RefreshKeys,
    tags: TagKeys,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.kid)).finish()
    }
}

impl Keyring {
    /// Parses the keys, and computes until when each verifies.
    ///
    /// # Errors
    ///
    /// If a stored key is unusable.
    pub fn new(set: &KeySet, setup: &SigningSetup) -> Result<Self, KeyError> {
        let mut keys =
            set.keys.iter().map(|row| Key::read(row, &setup.key_wrap)).collect::<Result<Vec<_>, _>>()?;
        if let Some(secret) = &setup.secret_key {
            keys.push(external_key(secret, setup.started_at)?);
        }
        let starts: Vec<_> = keys.iter().map(|key| key.signs_from).collect();
        for (key, until) in keys.iter_mut().zip(verification_ends(&starts, setup.token_lifetime)) {
            key.verifies_until = until;
        }
        let versions = set.refresh_secrets.iter().map(|row| SecretVersion::open(row, &setup.key_wrap));
        let versions = versions.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            issuer: setup.issuer.clone(),
            audiences: setup.audiences.clone(),
            keys,
            refresh: RefreshKeys::new(&versions),
            tags: TagKeys::new(&versions),
        })
    }

    /// The same keyring without the keys that are no longer in the database. It is for when added keys cannot
    /// be read: a revoked key must not be used any longer.
    #[must_use]
    pub fn without_revoked(&self, set: &KeySet) -> Self {
        let is_stored = |key: &Key| set.keys.iter().any(|row| row.kid == key.kid);
        let keys = self.keys.iter().filter(|key| key.is_external || is_stored(key)).cloned().collect();
        let (refresh, tags) = (self.refresh.clone(), self.tags.clone());
        Self { issuer: self.issuer.clone(), audiences: self.audiences.clone(), keys, refresh, tags }
    }

    /// The key that signs now.
    pub(super) fn signer(&self, now: Timestamp) -> Option<&Key> {
        self.keys.get(signing_key(self.keys.iter().map(|key| key.signs_from), now))
    }

    /// The key with this id, if it may verify now.
    pub(super) fn verifier(&self, kid: &str, now: Timestamp) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid == kid && key.verifies_until.is_none_or(|until| now < until))
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(super) const fn audiences(&self) -> &Audiences {
        &self.audiences
    }

    pub(super) const fn tags(&self) -> &TagKeys {
        &self.tags
    }

    pub(super) const fn refresh(&self) -> &RefreshKeys {
        &self.refresh
    }

    /// The public keys as a JWK Set (RFC 7517): announced, signing and retiring ones.
    #[must_use]
    pub fn jwks(&self, now: Timestamp) -> serde_json::Value {
        let keys = self.keys.iter().filter(|key| key.verifies_until.is_none_or(|until| now < until));
        json!({ "keys": keys.filter_map(|key| key.jwk.as_ref()).collect::<Vec<_>>() })
    }

    /// The public information about each key.
    #[must_use]
    pub fn summaries(&self, now: Timestamp) -> Vec<KeySummary> {
        let signer = signing_key(self.keys.iter().map(|key| key.signs_from), now);
        let summaries = self.keys.iter().enumerate().map(|(index, key)| KeySummary {
            kid: key.kid.clone(),
            algorithm: key.algorithm,
            state: state(index == signer, (key.signs_from, key.verifies_until), now),
            announced_at: key.announced_at,
            signs_from: key.signs_from,
            verifies_until: key.verifies_until,
        });
        summaries.collect()
    }
}

/// The key of the configuration. Its id is the hash of the secret, so that another secret is another key.
fn external_key(secret: &SecretString, started_at: Timestamp) -> Result<Key, KeyError> {
    let bytes = secret.expose_secret().as_bytes();
    let name = digest::digest(&digest::SHA256, &[b"kid:", bytes].concat());
    let mut kid = BASE64_URL_SAFE_NO_PAD.encode(name);
    kid.truncate(22);
    let mut key = Key::parse(kid, Algorithm::Hs256, bytes, (started_at, started_at))?;
    key.is_external = true;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        actors::token::{KeyState, key::new_key_row},
        domain::{KeyWrap, Random},
    };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000) + Duration::from_secs(seconds)
    }

    fn keyring(signs_from: &[u64], secret_key: Option<&str>) -> Keyring {
        let keys = signs_from
            .iter()
            .map(|from| {
                let clear = KeyWrap::in_the_clear();
                new_key_row(Algorithm::EdDsa, (&clear, &Random::System), at(0), at(*from)).unwrap()
            })
            .collect();
        let setup = SigningSetup {
            issuer: "http://localhost".to_owned(),
            audiences: Audiences::new("http://localhost"),
            token_lifetime: Duration::from_mins(30),
            secret_key: secret_key.map(|text| SecretString::from(text.to_owned())),
            started_at: at(5000),
            key_wrap: KeyWrap::in_the_clear(),
        };
        Keyring::new(&KeySet { keys, refresh_secrets: Vec::new() }, &setup).unwrap()
    }

    fn states(keyring: &Keyring, now: u64) -> Vec<KeyState> {
        keyring.summaries(at(now)).into_iter().map(|key| key.state).collect()
    }

    #[test]
    fn a_key_is_announced_then_signs_then_retires() {
        let keyring = keyring(&[0, 1000], None);

        assert_eq!(states(&keyring, 999), [KeyState::Signing, KeyState::Announced]);
        assert_eq!(states(&keyring, 1000), [KeyState::Retiring, KeyState::Signing]);
        assert_eq!(states(&keyring, 1000 + 1800 + 60), [KeyState::Retired, KeyState::Signing]);
    }

    #[test]
    fn the_jwks_shows_every_key_that_verifies_or_will() {
        let keyring = keyring(&[0, 1000], None);
        let shown = |now| keyring.jwks(at(now))["keys"].as_array().unwrap().len();

        assert_eq!((shown(0), shown(1000), shown(1000 + 1800 + 60)), (2, 2, 1));
        assert!(keyring.verifier(&keyring.keys[0].kid, at(2859)).is_some());
        assert!(keyring.verifier(&keyring.keys[0].kid, at(2860)).is_none());
    }

    #[test]
    fn a_key_that_is_not_in_the_database_any_more_neither_signs_nor_verifies() {
        let before = keyring(&[0, 1000], Some("0123456789abcdef0123456789abcdef"));
        let kids: Vec<_> = before.keys.iter().map(|key| key.kid.clone()).collect();
        let set = KeySet { keys: Vec::new(), refresh_secrets: Vec::new() };

        let after = before.without_revoked(&set);

        assert!(kids[..2].iter().all(|kid| after.verifier(kid, at(500)).is_none()));
        assert!(after.verifier(&kids[2], at(500)).is_some(), "the key of the configuration is in none");
    }

    #[test]
    fn a_configured_secret_signs_and_is_never_shown() {
        let keyring = keyring(&[0], Some("0123456789abcdef0123456789abcdef"));

        assert_eq!(keyring.signer(at(5000)).map(|key| key.algorithm), Some(Algorithm::Hs256));
        let shown = keyring.jwks(at(5000)).to_string();
        assert!(!shown.contains("oct") && !shown.contains("0123456789abcdef"));
    }

    #[test]
    fn a_clock_before_every_key_still_signs() {
        assert!(keyring(&[100], None).signer(at(0)).is_some());
    }
}
