//! Tokens, their claims and the algorithms that sign them.

mod audiences;
mod key_life;
mod scope;
mod shared_secret;
mod stored_keys;

pub use audiences::{Audiences, ReservedAudience};
pub use key_life::signing_key;
pub use scope::{InvalidScope, Scope};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
pub use shared_secret::{WeakSecret, check_shared_secret};
pub use stored_keys::{
    KeyRow, KeySet, RefreshSecretRow, Revocation, Rewrapped, SecretRow, StoredOtherwise, check_same_wrapping,
    decide_revocation,
};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// The algorithms (RFC 7518, RFC 8037) that can sign access tokens.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Display, EnumString, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "UPPERCASE", parse_err_ty = UnknownAlgorithm, parse_err_fn = unknown)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256: the default.
    Es256,
    /// HMAC with SHA-256: every verifier can also sign.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256; new keys have 3,072 bits.
    Rs256,
    /// Ed25519.
    #[strum(serialize = "EdDSA")]
    EdDsa,
}

/// A name that is none of these algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one of ES256, HS256, RS256, EdDSA")]
pub struct UnknownAlgorithm;

fn unknown(_: &str) -> UnknownAlgorithm {
    UnknownAlgorithm
}

impl Algorithm {
    /// The algorithm's registered name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The claims of an access token (RFC 7519; the names of RFC 9068 where it defines them).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The issuer: this service's URL.
    pub iss: String,
    /// The audiences; see [`Audiences`].
    pub aud: Vec<String>,
    /// The username.
    pub sub: String,
    /// The user's number.
    pub uid: i64,
    /// The session's number.
    pub sid: i64,
    /// The scopes, separated by spaces.
    pub scope: String,
    /// When it was issued, in seconds since the Unix epoch.
    pub iat: i64,
    /// When it expires, in seconds since the Unix epoch.
    pub exp: i64,
    /// The token is not valid before this second. Sekisho never issues this claim, but respects it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// When the password was verified: at the session's beginning, in seconds since the Unix epoch.
    pub auth_time: i64,
    /// The token's own id, with a tag that proves to Sekisho that it issued the token.
    pub jti: String,
}

/// A bearer token (RFC 6750) as a client presented it, or as it was just signed.
#[derive(Debug, Clone)]
pub struct AccessToken(SecretString);

/// A refresh token as a client presented it, or as it was just made.
#[derive(Debug, Clone)]
pub struct RefreshToken(SecretString);

macro_rules! secret_text {
    ($name:ident) => {
        impl $name {
            /// Wraps a token.
            #[must_use]
            pub fn new(text: String) -> Self {
                Self(SecretString::from(text))
            }

            /// The token itself.
            #[must_use]
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }
    };
}

secret_text!(AccessToken);
secret_text!(RefreshToken);

/// The result of a login or a refresh.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// A signed JWT.
    pub access_token: AccessToken,
    /// How long the access token is valid, in seconds.
    pub expires_in: u64,
    /// The session's current refresh token.
    pub refresh_token: RefreshToken,
    /// The scope of the access token.
    pub scope: Scope,
}
