//! The life of a key. Its state follows from times alone, so that nothing has to run at the moment when it
//! changes:
//!
//! - *announced*: in the JWKS, not signing yet; long enough for every verifier's copy to expire;
//! - *signing*: from its `signs_from` until that of the next key;
//! - *retiring*: until the last token that it may have signed has expired.

use std::time::Duration;

use crate::domain::{Algorithm, KeySet, Timestamp, signing_key};

/// How long a verifier may keep its copy of the JWKS.
pub const JWKS_MAX_AGE: Duration = Duration::from_mins(5);

/// How long a key is announced before it signs: twice as long as verifiers keep their copy.
pub const ANNOUNCEMENT_PERIOD: Duration = Duration::from_secs(2 * JWKS_MAX_AGE.as_secs());

/// How long a key may still sign after its successor began to, in a process that has not read the successor
/// yet.
const PROPAGATION_GRACE: Duration = Duration::from_mins(1);

/// The state of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
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
    /// The name of the state.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The public information about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySummary {
    /// The id of the key.
    pub kid: String,
    /// The algorithm of the key.
    pub algorithm: Algorithm,
    /// The state of the key.
    pub state: KeyState,
    /// When it was announced.
    pub announced_at: Timestamp,
    /// When it begins, or began, to sign.
    pub signs_from: Timestamp,
    /// Until when it verifies; `None` while no successor is known.
    pub verifies_until: Option<Timestamp>,
}

/// The public information about each key in the database. It reads no private key.
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

/// Until when each key verifies, given the times at which they begin to sign; `None` for the last.
pub(super) fn verification_ends(starts: &[Timestamp], token_lifetime: Duration) -> Vec<Option<Timestamp>> {
    let ends =
        starts.iter().skip(1).map(|superseded_at| Some(*superseded_at + token_lifetime + PROPAGATION_GRACE));
    ends.chain([None]).take(starts.len()).collect()
}

/// The state of a key that signs and verifies at these times.
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
