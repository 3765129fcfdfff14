//! After a password is hashed and its input dropped, no copy of it remains in the process's memory.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs::File, os::unix::fs::FileExt};

use bcrypt_lanes::{Cost, Input, MAX_LANES, hash};
use zeroize::Zeroize;

const PASSWORD_BYTES: usize = 64;

/// A password that occurs nowhere else. It is computed, so that the program does not contain it.
fn password(lane: usize) -> [u8; PASSWORD_BYTES] {
    let mut state = 0x2545_f491_4f6c_dd1d ^ u64::try_from(lane).unwrap();
    [(); PASSWORD_BYTES].map(|()| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    })
}

/// Identifies eight bytes without containing them.
fn fingerprint(bytes: [u8; 8]) -> u64 {
    (u64::from_ne_bytes(bytes) ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

/// The fingerprints of the password's bytes, as they are and as the words into which bcrypt reads them.
fn fingerprints(lane: usize) -> Vec<u64> {
    let mut password = password(lane);
    let as_they_are = password.as_chunks::<8>().0.iter().copied().map(fingerprint);
    let mut fingerprints: Vec<_> = as_they_are.collect();
    for word in password.as_chunks_mut::<4>().0 {
        *word = u32::from_be_bytes(*word).to_ne_bytes();
    }
    fingerprints.extend(password.as_chunks::<8>().0.iter().copied().map(fingerprint));
    password.zeroize();
    fingerprints
}

/// The number of fingerprinted eight-byte sequences in this process's writable memory, at multiples of four.
fn found_in_memory(fingerprints: &[u64]) -> usize {
    let memory = File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut page = [0; 4096];
    let mut found = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let range = u64::from_str_radix(start, 16).unwrap()..u64::from_str_radix(end, 16).unwrap();
        for place in range.step_by(page.len()) {
            // A page that was unmapped in the meantime holds nothing.
            if memory.read_exact_at(&mut page, place).is_err() {
                continue;
            }
            let (words, _) = page.as_chunks::<4>();
            for [low, high] in words.array_windows() {
                let mut bytes = [0; 8];
                bytes[..4].copy_from_slice(low);
                bytes[4..].copy_from_slice(high);
                found += usize::from(fingerprints.contains(&fingerprint(bytes)));
                bytes.zeroize();
            }
            page.zeroize();
        }
    }
    found
}

#[test]
fn no_copy_of_a_password_outlives_its_input() {
    let cost = Cost::new(4).unwrap();
    let fingerprints: Vec<_> = (0..MAX_LANES).flat_map(fingerprints).collect();
    let inputs: Vec<_> = (0..MAX_LANES)
        .map(|lane| {
            let mut password = password(lane);
            let input = Input::new(&password, [7; 16], cost).unwrap();
            password.zeroize();
            input
        })
        .collect();
    // Moved to another place, as when it is sent to another thread.
    let inputs: Vec<_> = inputs.into_iter().rev().collect();
    assert!(found_in_memory(&fingerprints) >= MAX_LANES * PASSWORD_BYTES / 8, "the search finds nothing");

    hash(cost, &inputs).unwrap();
    drop(inputs);

    assert_eq!(found_in_memory(&fingerprints), 0);
}
