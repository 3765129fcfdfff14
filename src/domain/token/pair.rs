//! The tokens that a client presents and gets.

use secrecy::{ExposeSecret, SecretString};

use super::Scope;

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
