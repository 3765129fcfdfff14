//! Refresh chains: a session's current refresh secret and those that were replaced within the grace period.
//!
//! This module decides whether a presented secret is current, a retry, or stolen. It sees only the hashes of
//! secrets, and contains no SQL.

mod format;

use std::time::Duration;

use aws_lc_rs::digest;

pub use self::format::UnknownFormat;
use crate::domain::{Network, RequestOrigin, Timestamp};

/// The SHA-256 of a refresh secret. The secret itself is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretHash(pub [u8; 32]);

impl SecretHash {
    /// The part of the hash by which a replaced secret is remembered. 64 bits are enough, because only tokens
    /// with a valid tag are ever compared, so guesses cannot be tried.
    fn prefix(self) -> [u8; 8] {
        let mut prefix = [0; 8];
        for (byte, whole) in prefix.iter_mut().zip(self.0) {
            *byte = whole;
        }
        prefix
    }
}

/// Random bytes for the derivation of a secret from its predecessor. Without them the derivation cannot be
/// repeated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// How a secret is derived from the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Derivation {
    /// The version of the installation's refresh secret that is the key.
    pub version: u8,
    /// The salt; `None` for secrets that a version of Sekisho without salts derived.
    pub salt: Option<Salt>,
}

/// Identifies the origin of a request: the first 32 bits of a hash of its network and of its user agent. Zero
/// means unknown.
///
/// The hashes are not keyed: the same row contains the address and agent of the login in the clear, the key
/// would be in the same file, and the entry is deleted after the grace period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OriginFingerprint {
    network: u32,
    agent: u32,
}

impl OriginFingerprint {
    /// The fingerprint of a request's origin.
    #[must_use]
    pub fn of(origin: &RequestOrigin) -> Self {
        let network = origin.ip.map(|ip| Network::of(ip).to_string());
        Self {
            network: network.as_deref().map_or(0, fingerprint),
            agent: origin.user_agent.as_deref().filter(|agent| !agent.is_empty()).map_or(0, fingerprint),
        }
    }

    /// Whether both networks are known, and differ.
    fn is_elsewhere(self, other: Self) -> bool {
        differ(self.network, other.network)
    }

    /// Whether both user agents are known, and differ.
    fn is_another_agent(self, other: Self) -> bool {
        differ(self.agent, other.agent)
    }
}

fn fingerprint(text: &str) -> u32 {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    hash.as_ref().first_chunk().map_or(0, |beginning| u32::from_be_bytes(*beginning))
}

/// Whether both fingerprints are known, and differ.
const fn differ(one: u32, other: u32) -> bool {
    one != 0 && other != 0 && one != other
}

/// A secret that was replaced within the grace period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Replaced {
    /// The beginning of its hash.
    prefix: [u8; 8],
    /// When it was replaced.
    at: Timestamp,
    /// The origin of the request that replaced it.
    by: OriginFingerprint,
    /// The derivation of its successor from it.
    derivation: Derivation,
}

/// The relation of a presented secret to its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presentation {
    /// It is the current secret.
    Current,
    /// It was replaced within the grace period, so this is a retry or a second tab.
    Replay {
        /// The derivations that lead from it to the current secret, in order; at least one.
        derivations: Vec<Derivation>,
        /// Whether the request is known to come from a network other than that of the request that replaced
        /// the secret.
        elsewhere: bool,
    },
    /// Two parties hold the secret or its successors, so one of them stole it.
    Theft(Theft),
}

/// How a theft was detected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theft {
    /// The secret was replaced longer ago than the grace period.
    Late,
    /// It was replaced within the grace period, from another network and by another program.
    Elsewhere,
}

impl Theft {
    /// How it was detected, in the words of a log line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Late => "a replaced refresh token was presented again",
            Self::Elsewhere => {
                "a refresh token that was just replaced was presented from another network and by another program"
            }
        }
    }
}

/// A session's current refresh secret, and those that were replaced within the grace period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshChain {
    current: SecretHash,
    /// The oldest first. The derivation of each leads to the next one, and that of the last to the current
    /// secret.
    replaced: Vec<Replaced>,
}

impl RefreshChain {
    /// The maximum number of replaced secrets that are remembered. A client that rotates more often within
    /// one grace period does not wait for its answers.
    ///
    /// At this number the entries take about 500 bytes. Twice as many made every refresh of a busy session
    /// write almost twice as many pages to the write-ahead log.
    pub const MAX_REPLACED: usize = 12;

    /// Judges a presented secret.
    #[must_use]
    pub fn judge(
        &self,
        presented: SecretHash,
        from: OriginFingerprint,
        now: Timestamp,
        grace: Duration,
    ) -> Presentation {
        if presented == self.current {
            return Presentation::Current;
        }
        let prefix = presented.prefix();
        let in_grace = |replaced: &Replaced| replaced.prefix == prefix && now.since(replaced.at) <= grace;
        let Some(following) =
            self.replaced.iter().rposition(in_grace).and_then(|position| self.replaced.get(position..))
        else {
            return Presentation::Theft(Theft::Late);
        };
        let elsewhere = following.first().is_some_and(|replaced| replaced.by.is_elsewhere(from));
        if elsewhere && following.first().is_some_and(|replaced| replaced.by.is_another_agent(from)) {
            return Presentation::Theft(Theft::Elsewhere);
        }
        let derivations = following.iter().map(|replaced| replaced.derivation).collect();
        Presentation::Replay { derivations, elsewhere }
    }

    /// The chain after its current secret was replaced. Secrets that were replaced longer ago than the grace
    /// period are dropped.
    #[must_use]
    pub fn replace_current(
        mut self,
        successor: SecretHash,
        derivation: Derivation,
        by: OriginFingerprint,
        now: Timestamp,
        grace: Duration,
    ) -> Self {
        // Entries are ordered by time unless a clock was set back, so the newest ones are kept, up to the
        // first that is too old.
        let newest = self.replaced.iter().rev().take(Self::MAX_REPLACED - 1);
        let kept = newest.take_while(|replaced| now.since(replaced.at) <= grace).count();
        self.replaced.drain(..self.replaced.len() - kept);
        self.replaced.push(Replaced { prefix: self.current.prefix(), at: now, by, derivation });
        self.current = successor;
        self
    }

    /// The hash of the current secret.
    #[must_use]
    pub const fn current(&self) -> SecretHash {
        self.current
    }
}

#[cfg(test)]
mod tests;
