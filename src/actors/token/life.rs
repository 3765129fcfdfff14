//! The life of a key, which is told by times alone, so that nothing has to happen at the moment it changes:
//!
//! - *announced*: in the JWKS, not signing yet; long enough for every verifier's copy to expire;
//! - *signing*: from `signs_from` until the next key's;
//! - *retiring*: until the last token that it may have signed has expired.

use std::time::Duration;

use crate::domain::{Algorithm, KeySet, Timestamp, signing_key};

/// For how long a verifier may keep its copy of the JWKS.
pub const JWKS_MAX_AGE: Duration = Duration::from_mins(5);

/// How long a key is announced before it signs: twice as long as verifiers keep their copy.
pub const ANNOUNCEMENT_PERIOD: Duration = Duration::from_secs(2 * JWKS_MAX_AGE.as_secs());

/// How long after its successor began to sign a key may still sign, in a process that has not read the
/// successor yet.
const PROPAGATION_GRACE: Duration = Duration::from_mins(1);

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It will sign.
    Announced,
    /// It signs.
    Signing,
    /// It verifies what it signed.
    Retiring,
    /// Every token that it signed has expired.
    Retired,
}

impl KeyState {
    /// The state's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Signing => "signing",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
        }
    }
}

/// What may be told of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySummary {
    /// Its name.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// Where it is in its life.
    pub state: KeyState,
    /// When it was announced.
    pub announced_at: Timestamp,
    /// When it begins, or began, to sign.
    pub signs_from: Timestamp,
    /// Until when it verifies; `None` while no successor is known.
    pub verifies_until: Option<Timestamp>,
}

/// What may be told of each key in the database, for which no private key is read.
#[must_use]
pub fn summarize_keys(set: &KeySet, token_lifetime: Duration, now: Timestamp) -> Vec<KeySummary> {
    let starts: Vec<_> = set.keys.iter().map(|key| key.signs_from).collect();
    let signer = signing_key(starts.iter().copied(), now);
    let ends = verification_ends(&starts, token_lifetime);
    let summaries = set.keys.iter().zip(ends).enumerate().map(|(index, (key, verifies_until))| KeySummary {
        kid: key.kid.clone(),
        algorithm: key.algorithm,
        state: state(index == signer, (key.signs_from, verifies_until), now),
        announced_at: key.announced_at,
        signs_from: key.signs_from,
        verifies_until,
    });
    summaries.collect()
}

/// Until when each of the keys that begin to sign at these times verifies; `None` for the last.
pub(super) fn verification_ends(starts: &[Timestamp], token_lifetime: Duration) -> Vec<Option<Timestamp>> {
    let ends =
        starts.iter().skip(1).map(|superseded_at| Some(*superseded_at + token_lifetime + PROPAGATION_GRACE));
    ends.chain([None]).take(starts.len()).collect()
}

/// Where a key is in its life that begins and ends to verify then.
pub(super) fn state(
    signs: bool,
    (signs_from, verifies_until): (Timestamp, Option<Timestamp>),
    now: Timestamp,
) -> KeyState {
    if signs {
        KeyState::Signing
    } else if signs_from > now {
        KeyState::Announced
    } else if verifies_until.is_none_or(|until| now < until) {
        KeyState::Retiring
    } else {
        KeyState::Retired
    }
}
