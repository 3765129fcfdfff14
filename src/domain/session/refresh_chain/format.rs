//! The format in which a session's row stores the secrets that were replaced within the grace period.
//!
//! A column begins with a byte that identifies the format. An entry for each secret follows, the oldest
//! first. Versions of Sekisho without salts used another column, which has no such byte.
//! [`RefreshChain::read`] reads both. An entry of the current format:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | when it was replaced: milliseconds since the Unix epoch |
//! | 8 | the beginning of its hash |
//! | 4, 4 | the network and the agent of the request that replaced it |
//! | 1 | the version of the installation's secret that its successor was derived with |
//! | 1 | 1 if its successor was derived with a salt, else 0 |
//! | 16 | the salt |

use super::{Derivation, OriginFingerprint, RefreshChain, Replaced, Salt, SecretHash, Timestamp};

/// The format that is written.
const FORMAT: u8 = 1;

/// The length of an entry in this format, in bytes.
const ENTRY: usize = 42;

/// The length of an entry in the older format: 8 bytes of hash, 8 of milliseconds.
const ENTRY_OF_BEFORE: usize = 16;

/// A column contains what this program never writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the replaced refresh secrets are in no known format")]
pub struct UnknownFormat;

impl RefreshChain {
    /// Reads a chain from its columns: the current secret's hash, the replaced secrets that an older version
    /// of Sekisho stored, and those in the current format, which were replaced later.
    ///
    /// # Errors
    ///
    /// If a column contains what this program never writes.
    pub fn read(current: SecretHash, before: &[u8], today: &[u8]) -> Result<Self, UnknownFormat> {
        let (entries_before, rest) = before.as_chunks::<ENTRY_OF_BEFORE>();
        let entries = match today.split_first() {
            None => &[][..],
            Some((&FORMAT, entries)) => entries,
            Some(_) => return Err(UnknownFormat),
        };
        let (entries, rest_of_today) = entries.as_chunks::<ENTRY>();
        if !rest.is_empty() || !rest_of_today.is_empty() {
            return Err(UnknownFormat);
        }
        let before = entries_before.iter().map(read_entry_of_before);
        Ok(Self { current, replaced: before.chain(entries.iter().map(read_entry)).collect() })
    }

    /// The replaced secrets in the current format.
    #[must_use]
    pub fn write_replaced(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + ENTRY * self.replaced.len());
        bytes.push(FORMAT);
        for Replaced { prefix, at, by, derivation } in &self.replaced {
            bytes.extend(at.as_millis().to_be_bytes());
            bytes.extend(prefix);
            bytes.extend(by.network.to_be_bytes());
            bytes.extend(by.agent.to_be_bytes());
            bytes.extend([derivation.version, u8::from(derivation.salt.is_some())]);
            bytes.extend(derivation.salt.map_or([0; 16], |salt| salt.0));
        }
        bytes
    }
}

/// Takes the next bytes of an entry.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let Some((field, rest)) = self.0.split_first_chunk() else { return [0; N] };
        self.0 = rest;
        *field
    }
}

fn read_entry(entry: &[u8; ENTRY]) -> Replaced {
    let mut fields = Fields(entry);
    let at = Timestamp::from_millis(i64::from_be_bytes(fields.take()));
    let prefix = fields.take();
    let by = OriginFingerprint {
        network: u32::from_be_bytes(fields.take()),
        agent: u32::from_be_bytes(fields.take()),
    };
    let [version, is_salted] = fields.take();
    let salt = (is_salted != 0).then(|| Salt(fields.take()));
    Replaced { prefix, at, by, derivation: Derivation { version, salt } }
}

fn read_entry_of_before(entry: &[u8; ENTRY_OF_BEFORE]) -> Replaced {
    let mut fields = Fields(entry);
    let prefix = fields.take();
    let at = Timestamp::from_millis(i64::from_be_bytes(fields.take()));
    Replaced {
        prefix,
        at,
        by: OriginFingerprint::default(),
        derivation: Derivation { version: 0, salt: None },
    }
}
