//! The algorithms that sign access tokens.

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
