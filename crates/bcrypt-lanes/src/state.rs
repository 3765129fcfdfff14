//! Blowfish's state, and the key schedules of several states at once.
//!
//! Every function works on `N` states in step. The inner loops run over the lanes: while one lane waits for
//! its table lookups, which depend on the round before, the core works on the others.

#![expect(
    clippy::indexing_slicing,
    clippy::inline_always,
    reason = "each index is a byte after a table's beginning, a round's constant, or a lane below N: the compiler \
              proves it and checks nothing at run time, but only where it sees the whole"
)]

use zeroize::Zeroize;

/// The P-array of 18 words, followed by the four S-boxes of 256 words each.
#[derive(Clone)]
pub(crate) struct State(pub(crate) [u32; State::WORDS]);

impl Zeroize for State {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl State {
    pub(crate) const WORDS: usize = Self::S_BOXES + 4 * 256;

    /// The index at which the S-boxes begin.
    const S_BOXES: usize = 18;

    /// Blowfish's function F.
    #[inline(always)]
    fn f(&self, x: u32) -> u32 {
        let s_box = |number: usize, byte: u32| self.0[Self::S_BOXES + 256 * number + (byte & 0xff) as usize];
        (s_box(0, x >> 24).wrapping_add(s_box(1, x >> 16)) ^ s_box(2, x >> 8)).wrapping_add(s_box(3, x))
    }
}

/// Fills the 18 words that are mixed into the P-array with the key's bytes, repeating them.
pub(crate) fn fill_key_words(words: &mut [u32; 18], key: impl Iterator<Item = u8> + Clone) {
    let mut bytes = key.cycle();
    for word in words {
        for _ in 0..4 {
            *word = (*word << 8) | u32::from(bytes.next().unwrap_or_default());
        }
    }
}

/// Encrypts a block with each state.
///
/// The 16 rounds are unrolled, and the halves swap roles instead of places. In a loop, the compiler would
/// move halves between registers and memory, which costs a tenth with four lanes.
#[inline(always)]
pub(crate) fn encrypt<const N: usize>(states: &[State; N], left: &mut [u32; N], right: &mut [u32; N]) {
    for lane in 0..N {
        left[lane] ^= states[lane].0[0];
    }
    round::<N, 1>(states, left, right);
    round::<N, 2>(states, right, left);
    round::<N, 3>(states, left, right);
    round::<N, 4>(states, right, left);
    round::<N, 5>(states, left, right);
    round::<N, 6>(states, right, left);
    round::<N, 7>(states, left, right);
    round::<N, 8>(states, right, left);
    round::<N, 9>(states, left, right);
    round::<N, 10>(states, right, left);
    round::<N, 11>(states, left, right);
    round::<N, 12>(states, right, left);
    round::<N, 13>(states, left, right);
    round::<N, 14>(states, right, left);
    round::<N, 15>(states, left, right);
    round::<N, 16>(states, right, left);
    for lane in 0..N {
        right[lane] ^= states[lane].0[17];
    }
    std::mem::swap(left, right);
}

/// One round in each lane: changes the half `to` by the half `from` and the word `P` of the P-array.
#[inline(always)]
fn round<const N: usize, const P: usize>(states: &[State; N], from: &[u32; N], to: &mut [u32; N]) {
    for lane in 0..N {
        to[lane] ^= states[lane].0[P];
        to[lane] ^= states[lane].f(from[lane]);
    }
}

/// `ExpandKey(state, salt, key)` of each lane; the salt is two blocks, which alternate.
pub(crate) fn expand_key<const N: usize>(
    states: &mut [State; N],
    keys: &[[u32; 18]; N],
    salts: &[[u32; 4]; N],
) {
    mix_keys(states, keys);
    let (mut left, mut right) = ([0; N], [0; N]);
    for pair in 0..State::WORDS / 2 {
        for lane in 0..N {
            left[lane] ^= salts[lane][2 * (pair % 2)];
            right[lane] ^= salts[lane][2 * (pair % 2) + 1];
        }
        encrypt(states, &mut left, &mut right);
        replace(states, pair, left, right);
    }
}

/// `ExpandKey(state, 0, key)` of each lane. Nearly all of the time is spent here.
pub(crate) fn expand_key_unsalted<const N: usize>(states: &mut [State; N], keys: &[[u32; 18]; N]) {
    mix_keys(states, keys);
    let (mut left, mut right) = ([0; N], [0; N]);
    for pair in 0..State::WORDS / 2 {
        encrypt(states, &mut left, &mut right);
        replace(states, pair, left, right);
    }
}

#[inline(always)]
fn mix_keys<const N: usize>(states: &mut [State; N], keys: &[[u32; 18]; N]) {
    for (state, key) in states.iter_mut().zip(keys) {
        for (word, key_word) in state.0.iter_mut().zip(key) {
            *word ^= key_word;
        }
    }
}

/// Replaces pair number `pair` of words in each state.
#[inline(always)]
fn replace<const N: usize>(states: &mut [State; N], pair: usize, left: [u32; N], right: [u32; N]) {
    for lane in 0..N {
        states[lane].0[2 * pair] = left[lane];
        states[lane].0[2 * pair + 1] = right[lane];
    }
}
