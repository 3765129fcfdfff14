//! Randomness as a parameter, so that a test can repeat it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::{
    digest,
    rand::{SecureRandom, SystemRandom},
};

/// The source of random bytes: the operating system, or a test's seed.
#[derive(Debug, Clone, Default)]
pub enum Random {
    /// The operating system's generator.
    #[default]
    System,
    /// A repeatable sequence for tests: SHA-256 of a seed and a counter. Never use it elsewhere.
    Seeded(u64, Arc<AtomicU64>),
}

/// The operating system returned no random bytes, so no secret can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

impl Random {
    /// A repeatable sequence that begins at `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(seed, Arc::new(AtomicU64::new(0)))
    }

    /// `N` random bytes; 32 of them make a 256-bit secret.
    ///
    /// # Errors
    ///
    /// When the operating system's generator fails.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        let mut bytes = [0; N];
        match self {
            Self::System => SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?,
            Self::Seeded(seed, counter) => {
                for block in bytes.chunks_mut(digest::SHA256_OUTPUT_LEN) {
                    let mut context = digest::Context::new(&digest::SHA256);
                    context.update(&seed.to_be_bytes());
                    context.update(&counter.fetch_add(1, Ordering::SeqCst).to_be_bytes());
                    for (byte, random) in block.iter_mut().zip(context.finish().as_ref()) {
                        *byte = *random;
                    }
                }
            }
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_sequence_and_the_system_does_not() {
        let (one, two) = (Random::seeded(7), Random::seeded(7));

        assert_eq!(one.bytes::<40>(), two.bytes::<40>());
        assert_ne!(one.bytes::<32>(), Random::seeded(8).bytes::<32>());
        assert_ne!(Random::System.bytes::<32>(), Random::System.bytes::<32>());
    }
}
