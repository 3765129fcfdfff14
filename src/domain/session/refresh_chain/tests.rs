use proptest::prelude::*;

use super::*;

const GRACE: Duration = Duration::from_secs(10);
const NOBODY: OriginFingerprint = OriginFingerprint { network: 0, agent: 0 };

fn hash(byte: u8) -> SecretHash {
    SecretHash([byte; 32])
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn derivation(byte: u8) -> Derivation {
    Derivation { version: 3, salt: Some(Salt([byte; 16])) }
}

fn origin(ip: &str, agent: &str) -> OriginFingerprint {
    OriginFingerprint::of(&RequestOrigin {
        ip: (!ip.is_empty()).then(|| ip.parse().unwrap()),
        user_agent: (!agent.is_empty()).then(|| agent.into()),
        ..RequestOrigin::default()
    })
}

/// A chain in which secret 1 was replaced by 2 at the first of the times, 2 by 3 at the second, and so on.
fn chain(times: &[i64]) -> RefreshChain {
    let mut chain = RefreshChain { current: hash(1), replaced: Vec::new() };
    for (number, seconds) in (2..).zip(times) {
        chain = chain.replace_current(hash(number), derivation(number), NOBODY, at(*seconds), GRACE);
    }
    chain
}

fn again(derivations: std::ops::RangeInclusive<u8>) -> Presentation {
    Presentation::Replay { derivations: derivations.map(derivation).collect(), elsewhere: false }
}

#[test]
fn a_replaced_secret_is_led_to_the_current_one_within_the_grace() {
    let chain = chain(&[100, 104, 108]);
    let late = Presentation::Theft(Theft::Late);

    for (presented, seconds, expected) in [
        (4, 108, Presentation::Current),
        (3, 108, again(4..=4)),
        (1, 110, again(2..=4)),
        (1, 111, late.clone()),
        (2, 111, again(3..=4)),
        (9, 108, late),
    ] {
        assert_eq!(chain.judge(hash(presented), NOBODY, at(seconds), GRACE), expected, "{presented}");
    }
}

#[test]
fn what_is_older_than_the_grace_is_forgotten_at_the_next_rotation() {
    assert_eq!(chain(&[100, 110]).replaced.len(), 2);
    assert_eq!(chain(&[100, 111]).replaced.len(), 1);
}

#[test]
fn a_client_that_never_waits_cannot_grow_the_row() {
    let chain = chain(&[100; 200]);

    assert_eq!(chain.replaced.len(), RefreshChain::MAX_REPLACED);
    assert!(chain.write_replaced().len() < 1400);
}

#[test]
fn a_clock_that_goes_back_keeps_the_grace_open() {
    assert_eq!(chain(&[100]).judge(hash(1), NOBODY, at(50), GRACE), again(2..=2));
}

#[test]
fn a_replay_is_theft_where_network_and_program_are_known_and_both_are_others() {
    let (here, there) = ("198.51.100.7", "203.0.113.9");
    let again = |elsewhere| Presentation::Replay { derivations: vec![derivation(2)], elsewhere };
    for (by, from, expected) in [
        ((here, "App"), (here, "App"), again(false)),
        ((here, "App"), ("198.51.100.200", "Other"), again(false)),
        ((here, "App"), (there, "App"), again(true)),
        ((here, "App"), (there, "Other"), Presentation::Theft(Theft::Elsewhere)),
        ((here, ""), (there, "Other"), again(true)),
        ((here, "App"), (there, ""), again(true)),
        (("", "App"), (there, "Other"), again(false)),
        ((here, "App"), ("", "Other"), again(false)),
        (("", ""), ("", ""), again(false)),
    ] {
        let chain = RefreshChain { current: hash(1), replaced: Vec::new() };
        let chain = chain.replace_current(hash(2), derivation(2), origin(by.0, by.1), at(100), GRACE);

        assert_eq!(chain.judge(hash(1), origin(from.0, from.1), at(101), GRACE), expected, "{by:?} {from:?}");
    }
}

#[test]
fn secrets_that_an_older_version_replaced_are_derived_without_salt() {
    let before = [[1; 8], 100_000_i64.to_be_bytes(), [2; 8], 104_000_i64.to_be_bytes()].concat();
    let unsalted = Derivation { version: 0, salt: None };

    let old = RefreshChain::read(hash(3), &before, &[]).unwrap();
    let new = old.clone().replace_current(hash(4), derivation(4), NOBODY, at(105), GRACE);

    let judge = |chain: &RefreshChain| chain.judge(hash(1), origin("::1", "App"), at(106), GRACE);
    let expected = |derivations| Presentation::Replay { derivations, elsewhere: false };
    assert_eq!(judge(&old), expected(vec![unsalted; 2]));
    assert_eq!(judge(&new), expected(vec![unsalted, unsalted, derivation(4)]));
    // The current format has them too.
    assert_eq!(RefreshChain::read(hash(4), &[], &new.write_replaced()), Ok(new));
}

#[test]
fn what_this_program_never_writes_is_refused() {
    let whole = chain(&[100]).write_replaced();
    for (before, today) in
        [(&[0; 15][..], &[][..]), (&[], &whole[..whole.len() - 1]), (&[], &[2]), (&[], &[0; 43])]
    {
        assert_eq!(RefreshChain::read(hash(1), before, today), Err(UnknownFormat), "{before:?} {today:?}");
    }
    assert!(RefreshChain::read(hash(1), &[], &[]).is_ok());
}

#[test]
fn debug_output_hides_the_salt() {
    let chain = RefreshChain { current: hash(1), replaced: Vec::new() };
    let chain = chain.replace_current(hash(2), derivation(77), NOBODY, at(100), GRACE);

    assert!(!format!("{chain:?}").contains("77"));
}

proptest! {
    #[test]
    fn a_chain_is_read_as_it_was_written(
        rotations in proptest::collection::vec((any::<i32>(), any::<[u8; 16]>(), any::<u8>(), any::<u32>(), any::<u32>()), 0..40),
    ) {
        let mut chain = RefreshChain { current: hash(1), replaced: Vec::new() };
        for (seconds, salt, version, network, agent) in rotations {
            let derivation = Derivation { version, salt: (version % 2 == 0).then_some(Salt(salt)) };
            let by = OriginFingerprint { network, agent };
            chain = chain.replace_current(hash(version), derivation, by, at(i64::from(seconds)), GRACE);
        }

        prop_assert_eq!(RefreshChain::read(chain.current, &[], &chain.write_replaced()), Ok(chain));
    }
}
