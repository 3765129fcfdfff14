//! Refuses weak secrets for HS256, which are shared with every verifier.
//!
//! The holder of one token can try secrets as fast as computers hash, so a secret must be random. Whether a
//! text is random cannot be decided, but the texts that people use instead can be recognised.

use std::collections::HashSet;

/// Published secrets of 32 bytes and more.
const PUBLISHED: [&str; 4] = [
    // FastAPI's tutorial.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    // Flask's documentation.
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    // Many tutorials of Spring.
    "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
    // RFC 7515, appendix A.1.
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
];

/// Words of placeholders. They are too long to occur in a random key by chance: not one key of a million from
/// `openssl rand -base64 48` contains one, and no hexadecimal key can.
const PLACEHOLDERS: [&str; 14] = [
    "secret",
    "password",
    "changeme",
    "change-me",
    "change_me",
    "change me",
    "changethis",
    "change-this",
    "change_this",
    "replace",
    "example",
    "default",
    "insecure",
    "qwerty",
];

/// Why a secret cannot be shared with verifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakSecret {
    /// It is too short. HS256 needs as many bits as its hash has (RFC 7518, section 3.2).
    #[error("the key has {0} bytes, HS256 needs 32 at least")]
    Short(usize),
    /// It is published.
    #[error("the key is published in a tutorial or a standard")]
    Published,
    /// It is a placeholder.
    #[error("the key contains the word '{0}', so it is not random")]
    Placeholder(&'static str),
    /// It repeats itself, or counts.
    #[error("the key repeats itself or counts, so it is not random")]
    Monotonous,
}

/// Refuses a secret that is published or not random.
///
/// # Errors
///
/// What is wrong with it, without quoting it.
pub fn check_shared_secret(secret: &str) -> Result<(), WeakSecret> {
    if secret.len() < 32 {
        return Err(WeakSecret::Short(secret.len()));
    }
    if PUBLISHED.iter().any(|known| known.eq_ignore_ascii_case(secret)) {
        return Err(WeakSecret::Published);
    }
    let plain: String = secret.chars().map(plain_letter).collect();
    if let Some(word) = PLACEHOLDERS.into_iter().find(|word| plain.contains(word)) {
        return Err(WeakSecret::Placeholder(word));
    }
    if turns(secret.as_bytes()) < MIN_TURNS {
        return Err(WeakSecret::Monotonous);
    }
    Ok(())
}

/// The letter that a character stands for in spellings such as `s3cr3t`.
fn plain_letter(character: char) -> char {
    match character.to_ascii_lowercase() {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        other => other,
    }
}

/// The minimum number of different turns. A random key of 32 characters has 30 turns, a few of them alike. Of
/// 200,000 keys from `openssl rand -hex 16`, its shortest, none had fewer than 22, and each turn less is an
/// eighth as likely.
const MIN_TURNS: usize = 16;

/// The number of different turns of a text. A turn is two steps in a row; a step is the difference between a
/// byte and the next.
///
/// A text that repeats itself, counts, or alternates between the two has the same few turns however long it
/// is.
fn turns(bytes: &[u8]) -> usize {
    let steps: Vec<_> =
        bytes.iter().zip(bytes.iter().skip(1)).map(|(from, to)| i16::from(*to) - i16::from(*from)).collect();
    steps.iter().zip(steps.iter().skip(1)).collect::<HashSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::*};

    use super::*;

    #[test]
    fn what_a_generator_makes_is_accepted() {
        // SplitMix64, so that each run has the same keys.
        let mut state = 0_u64;
        let mut random = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (mixed ^ (mixed >> 31)).to_be_bytes()
        };
        for _ in 0..5_000 {
            let bytes = [(); 6].map(|()| random()).concat();
            let number = |at: usize| u128::from_be_bytes(bytes[at..at + 16].try_into().unwrap());
            let (short, long) =
                (format!("{:032x}", number(0)), format!("{:032x}{:032x}", number(16), number(32)));
            for secret in [
                short.to_uppercase(),
                short,
                long,
                BASE64_STANDARD.encode(&bytes[..24]),
                BASE64_STANDARD.encode(&bytes[..32]),
                BASE64_URL_SAFE_NO_PAD.encode(&bytes),
            ] {
                assert_eq!(check_shared_secret(&secret), Ok(()), "{secret}");
            }
        }
    }

    #[test]
    fn what_is_printed_somewhere_is_refused_in_any_case() {
        for known in PUBLISHED {
            for secret in [known.to_owned(), known.to_lowercase(), known.to_uppercase()] {
                assert_eq!(check_shared_secret(&secret), Err(WeakSecret::Published), "{secret}");
            }
        }
    }

    #[test]
    fn what_says_what_it_stands_for_is_refused() {
        for (secret, word) in [
            ("a-string-secret-at-least-256-bits-long", "secret"),
            ("sOmE_SuP3R_S3cR3t_KeY_FoR_JwT_ApPs", "secret"),
            ("please-CHANGE-ME-before-you-deploy-this", "change-me"),
            ("thisIsTheP@$$w0rdOfOurProductionServer", "password"),
            ("qwertyuiopasdfghjklzxcvbnm1234567890", "qwerty"),
        ] {
            assert_eq!(check_shared_secret(secret), Err(WeakSecret::Placeholder(word)), "{secret}");
        }
    }

    #[test]
    fn what_repeats_itself_or_counts_is_refused() {
        for secret in [
            "a".repeat(32),
            "a".repeat(1000),
            format!("{}b", "a".repeat(40)),
            "kq7".repeat(20),
            "deadbeef".repeat(8),
            "0123456789abcdef".repeat(4),
            "1234567890".repeat(10),
            "abcdefghijklmnopqrstuvwxyz0123456789".to_owned(),
            "zyxwvutsrqponmlkjihgfedcba9876543210".to_owned(),
            "aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQ".to_owned(),
            "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6".to_owned(),
            "00112233445566778899aabbccddeeff".to_owned(),
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".to_owned(),
        ] {
            assert_eq!(check_shared_secret(&secret), Err(WeakSecret::Monotonous), "{secret}");
        }
    }

    #[test]
    fn what_is_short_is_refused() {
        assert_eq!(check_shared_secret(""), Err(WeakSecret::Short(0)));
        assert_eq!(check_shared_secret("Yb0tT9cH4v7mKqz1R2uE5xWgLd8sAfP"), Err(WeakSecret::Short(31)));
        assert_eq!(check_shared_secret("Yb0tT9cH4v7mKqz1R2uE5xWgLd8sAfPj"), Ok(()));
    }
}
