//! The claims of access tokens.

use serde::{Deserialize, Serialize};

/// The claims of an access token (RFC 7519; the names of RFC 9068 where it defines them).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The issuer: this service's URL.
    pub iss: String,
    /// The audiences; see [`Audiences`](super::Audiences).
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
