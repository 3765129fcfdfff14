//! One signing key: making it, reading it, and its public key.

use std::sync::Arc;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    error::Unspecified,
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{
    DecodingKey,
    jwk::{CommonParameters, Jwk, KeyAlgorithm, PublicKeyUse, ThumbprintHash},
};
use zeroize::Zeroizing;

use crate::domain::{
    Algorithm, KeyRow, KeyWrap, NoRandomness, OpenError, Random, SecretLocation, Timestamp, WrapError,
};

/// A key could not be made or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The key generator failed.
    #[error("no {0} key could be made")]
    Generation(Algorithm),
    /// The stored value is not a key of its algorithm.
    #[error("the stored key {kid} is not an {algorithm} key")]
    Unreadable {
        /// The id of the key.
        kid: String,
        /// The algorithm that it should have.
        algorithm: Algorithm,
    },
    /// The stored value cannot be unwrapped.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The new key cannot be wrapped.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// The system returned no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// A parsed key that can sign and verify.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    pub(super) signs_from: Timestamp,
    pub(super) announced_at: Timestamp,
    /// Whether the key comes from the configuration, not from the database.
    pub(super) is_external: bool,
    /// When the last token that it may have signed expires; `None` while it may sign.
    pub(super) verifies_until: Option<Timestamp>,
    private: Arc<PrivateKey>,
    pub(super) decoding: DecodingKey,
    /// The public key; `None` for HS256, which has none.
    pub(super) jwk: Option<Jwk>,
}

enum PrivateKey {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
    Hs256(Box<hmac::Key>),
}

/// Makes a key that signs from then on, in its stored form.
///
/// # Errors
///
/// If the operating system returns no randomness.
pub fn new_key_row(
    algorithm: Algorithm,
    (key_wrap, random): (&KeyWrap, &Random),
    announced_at: Timestamp,
    signs_from: Timestamp,
) -> Result<KeyRow, KeyError> {
    let failed = |_| KeyError::Generation(algorithm);
    let rng = SystemRandom::new();
    let private_key = match algorithm {
        Algorithm::Es256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng)
            .map_err(failed)?
            .as_ref()
            .to_vec(),
        Algorithm::EdDsa => Ed25519KeyPair::generate_pkcs8v1(&rng).map_err(failed)?.as_ref().to_vec(),
        Algorithm::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa3072).map_err(failed)?;
            AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(failed)?.as_ref().to_vec()
        }
        Algorithm::Hs256 => random.bytes::<32>()?.to_vec(),
    };
    let private_key = Zeroizing::new(private_key);
    let kid = match Key::parse(String::new(), algorithm, &private_key, (announced_at, signs_from))?.jwk {
        // RFC 7638: the thumbprint of the public key.
        Some(jwk) => jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| KeyError::Generation(algorithm))?,
        None => BASE64_URL_SAFE_NO_PAD.encode(random.bytes::<16>()?),
    };
    let location = SecretLocation::SigningKey { kid: kid.clone(), algorithm };
    let private_key = key_wrap.wrap(&location, &private_key)?;
    Ok(KeyRow { kid, algorithm, private_key, announced_at, signs_from })
}

impl Key {
    /// Reads a stored key.
    pub(super) fn read(row: &KeyRow, key_wrap: &KeyWrap) -> Result<Self, KeyError> {
        let private = key_wrap.open(&row.location(), &row.private_key)?;
        Self::parse(row.kid.clone(), row.algorithm, &private, (row.announced_at, row.signs_from))
    }

    /// Reads a private key: PKCS #8 (DER), or the bare secret for HS256.
    pub(super) fn parse(
        kid: String,
        algorithm: Algorithm,
        private: &[u8],
        (announced_at, signs_from): (Timestamp, Timestamp),
    ) -> Result<Self, KeyError> {
        let unreadable = || KeyError::Unreadable { kid: kid.clone(), algorithm };
        let (private, decoding) = match algorithm {
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private)
                    .map_err(|_| unreadable())?;
                let decoding = DecodingKey::from_ec_der(pair.public_key().as_ref());
                (PrivateKey::Es256(pair), decoding)
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(private).map_err(|_| unreadable())?;
                let decoding = DecodingKey::from_ed_der(pair.public_key().as_ref());
                (PrivateKey::EdDsa(pair), decoding)
            }
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(private).map_err(|_| unreadable())?;
                let public = pair.public_key();
                let decoding = DecodingKey::from_rsa_raw_components(
                    public.modulus().big_endian_without_leading_zero(),
                    public.exponent().big_endian_without_leading_zero(),
                );
                (PrivateKey::Rs256(pair), decoding)
            }
            Algorithm::Hs256 => {
                let key = Box::new(hmac::Key::new(hmac::HMAC_SHA256, private));
                (PrivateKey::Hs256(key), DecodingKey::from_secret(private))
            }
        };
        let jwk = match algorithm {
            Algorithm::Hs256 => None,
            Algorithm::Es256 | Algorithm::Rs256 | Algorithm::EdDsa => {
                let public = Jwk::from_decoding_key(&decoding, Some(jwt_algorithm(algorithm)))
                    .map_err(|_| unreadable())?;
                let common = CommonParameters {
                    public_key_use: Some(PublicKeyUse::Signature),
                    key_algorithm: Some(KeyAlgorithm::from(jwt_algorithm(algorithm))),
                    key_id: Some(kid.clone()),
                    ..CommonParameters::default()
                };
                Some(Jwk { common, ..public })
            }
        };
        Ok(Self {
            kid,
            algorithm,
            signs_from,
            announced_at,
            is_external: false,
            verifies_until: None,
            private: Arc::new(private),
            decoding,
            jwk,
        })
    }

    /// Signs a message, in the format of a JWS (RFC 7518, section 3; RFC 8037, section 3.1).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let rng = SystemRandom::new();
        Ok(match &*self.private {
            PrivateKey::Es256(pair) => pair.sign(&rng, message)?.as_ref().to_vec(),
            PrivateKey::EdDsa(pair) => pair.try_sign(message)?.as_ref().to_vec(),
            PrivateKey::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &rng, message, &mut signature)?;
                signature
            }
            PrivateKey::Hs256(key) => hmac::sign(key, message).as_ref().to_vec(),
        })
    }
}

pub(super) const fn jwt_algorithm(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn a_key_of_each_algorithm_is_made_and_read_again() {
        for &algorithm in Algorithm::VARIANTS {
            let now = Timestamp::from_millis(0);
            let clear = KeyWrap::in_the_clear();
            let row = new_key_row(algorithm, (&clear, &Random::System), now, now).unwrap();
            let key = Key::read(&row, &clear).unwrap();

            assert_eq!(key.jwk.is_none(), algorithm == Algorithm::Hs256);
            assert!(key.kid.len() >= 22, "{}", key.kid);
            let public = serde_json::to_value(&key.jwk).unwrap();
            for private_member in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(public.get(private_member).is_none(), "{algorithm} {private_member}");
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
            let now = Timestamp::from_millis(0);
            let read = Key::parse("k".into(), algorithm, b"nonsense", (now, now));

            assert_eq!(read.err(), Some(KeyError::Unreadable { kid: "k".into(), algorithm }));
        }
    }
}
