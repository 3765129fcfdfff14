//! The passwords that guessers try first.
//!
//! The binary contains them as a 3-wise binary fuse filter (Graf and Lemire, 2022,
//! <https://arxiv.org/abs/2201.01174>) with 16-bit fingerprints. The filter finds all of them, and takes one
//! in 65,536 of all other passwords for one of them. `data/common-passwords/build.py` builds it;
//! `data/common-passwords/README.md` names its source.

use aws_lc_rs::digest::{Context, SHA256};
use zeroize::Zeroizing;

static FILTER: &[u8] = include_bytes!("../../../../data/common-passwords/filter.fuse16");

/// Whether a password, in any case, is among the most common of 8 characters and more.
pub(super) fn is_common(password: &str) -> bool {
    let lowercase = Zeroizing::new(password.to_lowercase());
    Filter::read(FILTER).and_then(|filter| filter.contains(lowercase.as_bytes())).unwrap_or(false)
}

struct Filter<'a> {
    /// The byte that is hashed before each text.
    seed: u8,
    /// The number of cells in a segment: a power of two.
    segment_length: u32,
    /// The number of segments in which a text's first cell can be. Its other cells are in the next two
    /// segments.
    segments: u32,
    /// The cells. The XOR of a text's three cells is its fingerprint.
    cells: &'a [[u8; 2]],
}

impl<'a> Filter<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let ([seed, _, _, _], bytes) = bytes.split_first_chunk()?;
        let (segment_length, bytes) = bytes.split_first_chunk()?;
        let (segments, cells) = bytes.split_first_chunk()?;
        Some(Self {
            seed: *seed,
            segment_length: u32::from_le_bytes(*segment_length),
            segments: u32::from_le_bytes(*segments),
            cells: cells.as_chunks().0,
        })
    }

    /// Whether the filter contains a text; `None` if the filter is damaged.
    fn contains(&self, text: &[u8]) -> Option<bool> {
        let mut context = Context::new(&SHA256);
        context.update(&[self.seed]);
        context.update(text);
        let digest = context.finish();
        let (place, rest) = digest.as_ref().split_first_chunk()?;
        let (fingerprint, _) = rest.split_first_chunk()?;
        let (place, fingerprint) = (u64::from_le_bytes(*place), u16::from_le_bytes(*fingerprint));
        let found = self.places(place).into_iter().try_fold(0, |found, place| {
            Some(found ^ u16::from_le_bytes(*self.cells.get(usize::try_from(place).ok()?)?))
        })?;
        Some(found == fingerprint)
    }

    /// The indexes of the three cells of a text with this hash.
    fn places(&self, hash: u64) -> [u64; 3] {
        let length = u64::from(self.segment_length);
        let firsts = u128::from(length) * u128::from(self.segments);
        // The upper half of the product is the hash, scaled to the range of first cells.
        let first = u64::try_from((u128::from(hash) * firsts) >> 64).unwrap_or(u64::MAX);
        let mask = length.saturating_sub(1);
        [
            first,
            first.wrapping_add(length) ^ ((hash >> 18) & mask),
            first.wrapping_add(2 * length) ^ (hash & mask),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred passwords that are in every list of the most common ones.
    const KNOWN: &str = "
        password 12345678 123456789 1234567890 baseball football jennifer superman trustno1 michelle sunshine
        123123123 starwars computer corvette princess iloveyou maverick 11111111 samantha steelers whatever
        hardcore mercedes bigdaddy victoria dolphins swimming internet 88888888 redskins metallica liverpool
        qwertyuiop 1qaz2wsx 1q2w3e4r asdfghjkl qwerty123 password1 password123 passw0rd p@ssw0rd letmein1
        welcome1 admin123 administrator changeme abcd1234 dragon123 monkey123 12341234 87654321 987654321
        123454321 12344321 00000000 55555555 66666666 77777777 99999999 aaaaaaaa qwertyui zaq12wsx q1w2e3r4
        1q2w3e4r5t 123qweasd qazwsxedc chocolate charlie1 elephant butterfly cocacola blink182 babygirl
        spiderman lovelove money123 soccer12 jordan23 michael1 jessica1 ashley12 nicholas christin benjamin
        marlboro playstation scorpion thunder1 champion cheyenne december november september srinivas
        snowball stargate test1234 testtest tinkerbell undertaker warcraft westside wolverine";

    #[test]
    fn the_best_known_are_in_it_in_any_case() {
        let known: Vec<_> = KNOWN.split_whitespace().collect();
        assert!(known.len() >= 100, "{}", known.len());

        for password in known {
            assert!(is_common(password) && is_common(&password.to_uppercase()), "{password}");
        }
    }

    #[test]
    fn what_people_do_better_is_not_in_it() {
        for password in [
            "correct horse battery",
            "correct horse battery staple",
            "another staple battery",
            "ありがとうございます",
            "V9r2-kQ7x",
            "my cat is called Pannekoek",
        ] {
            assert!(!is_common(password), "{password}");
        }
    }

    #[test]
    fn one_in_65536_others_is_taken_for_one_of_them() {
        let refused = (0..200_000).filter(|n| is_common(&format!("nobody has typed {n} before"))).count();

        // Three are expected.
        assert!(refused <= 15, "{refused}");
    }

    #[test]
    fn a_damaged_filter_says_nothing() {
        let whole = Filter::read(FILTER).unwrap();
        assert_eq!(whole.cells.len(), usize::try_from(whole.segment_length * (whole.segments + 2)).unwrap());

        let half = Filter::read(&FILTER[..FILTER.len() / 2]).unwrap();
        assert!(KNOWN.split_whitespace().any(|password| half.contains(password.as_bytes()).is_none()));
        assert!(Filter::read(&FILTER[..11]).is_none());
    }
}
