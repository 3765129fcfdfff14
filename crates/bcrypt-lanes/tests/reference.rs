//! Every digest equals that of the `bcrypt` crate, for any password, number of lanes, and neighbours.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use bcrypt_lanes::{Cost, Digest, Error, Input, hash, lanes};
use proptest::prelude::*;

type Job = (Vec<u8>, [u8; 16], u32);

/// The digest of the `bcrypt` crate.
fn reference((password, salt, cost): &Job) -> Digest {
    let mut key = [&password[..], &[0]].concat();
    key.truncate(72);
    bcrypt::bcrypt(*cost, *salt, &key)
}

fn input((password, salt, cost): &Job) -> Input {
    Input::new(password, *salt, Cost::new(*cost).unwrap()).unwrap()
}

fn any_job(costs: std::ops::RangeInclusive<u32>) -> impl Strategy<Value = Job> {
    let password = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..=72),
        1 => prop::collection::vec(prop_oneof![Just(0_u8), Just(0xff), Just(b'a')], 0..=72),
        1 => "\\PC{0,18}".prop_map(|text| text.into_bytes().into_iter().take(72).collect()),
    ];
    (password, any::<[u8; 16]>(), costs)
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Hashes with exactly `N` lanes.
fn in_lanes<const N: usize>(jobs: &[Job], run: Cost) -> Vec<Digest> {
    let inputs: [Input; N] = std::array::from_fn(|lane| input(&jobs[lane]));
    lanes(run, inputs.each_ref()).to_vec()
}

/// The digests of the first input, the first two and so on up to all eight, in as many lanes.
fn in_any_number_of_lanes(jobs: &[Job], run: Cost) -> [Vec<Digest>; 8] {
    [
        in_lanes::<1>(jobs, run),
        in_lanes::<2>(jobs, run),
        in_lanes::<3>(jobs, run),
        in_lanes::<4>(jobs, run),
        in_lanes::<5>(jobs, run),
        in_lanes::<6>(jobs, run),
        in_lanes::<7>(jobs, run),
        in_lanes::<8>(jobs, run),
    ]
}

proptest! {
    #![proptest_config(config(12))]

    #[test]
    fn any_number_of_lanes_gives_what_the_reference_gives(
        jobs in prop::collection::vec(any_job(4..=6), 8),
        above in 0..=1_u32,
    ) {
        let expected: Vec<_> = jobs.iter().map(reference).collect();
        let run = Cost::new(jobs.iter().map(|job| job.2).max().unwrap() + above).unwrap();

        for (lanes, digests) in (1..).zip(in_any_number_of_lanes(&jobs, run)) {
            prop_assert_eq!(&digests[..], &expected[..lanes]);
        }
    }

    #[test]
    fn any_number_of_inputs_is_answered_in_its_order(jobs in prop::collection::vec(any_job(4..=5), 0..=11)) {
        let inputs: Vec<_> = jobs.iter().map(input).collect();

        let digests = hash(Cost::new(5).unwrap(), &inputs).unwrap();

        prop_assert_eq!(digests, jobs.iter().map(reference).collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(config(3))]

    #[test]
    fn higher_costs_give_what_the_reference_gives(jobs in prop::collection::vec(any_job(7..=8), 8)) {
        let expected: Vec<_> = jobs.iter().map(reference).collect();

        for (lanes, digests) in (1..).zip(in_any_number_of_lanes(&jobs, Cost::new(8).unwrap())) {
            prop_assert_eq!(&digests[..], &expected[..lanes]);
        }
    }
}

#[test]
fn every_length_of_password_gives_what_the_reference_gives() {
    for length in 0..=72_u8 {
        let job = ((1..=length).collect(), [length; 16], 4);

        assert_eq!(hash(Cost::new(4).unwrap(), &[input(&job)]).unwrap(), [reference(&job)], "{length}");
    }
}

#[test]
fn a_lane_does_not_depend_on_its_neighbours() {
    let job = |number: u8| -> Job { (vec![number; usize::from(number)], [number; 16], 4) };
    let alone = reference(&job(7));
    let run = Cost::new(4).unwrap();

    for place in 0..4 {
        for others in [1, 40, 71] {
            let inputs: Vec<_> =
                (0..4).map(|lane| input(&job(if lane == place { 7 } else { others }))).collect();
            assert_eq!(hash(run, &inputs).unwrap()[place], alone);
        }
    }
}

#[test]
fn what_bcrypt_cannot_hash_is_an_error() {
    let four = Cost::new(4).unwrap();

    assert_eq!(Input::new(&[b'x'; 73], [0; 16], four).err(), Some(Error::PasswordTooLong(73)));
    assert_eq!(Input::new(&vec![b'x'; 100_000], [0; 16], four).err(), Some(Error::PasswordTooLong(100_000)));
    for cost in [0, 3, 32, u32::MAX] {
        assert_eq!(Cost::new(cost), Err(Error::Cost(cost)));
    }
    let costly = Input::new(b"x", [0; 16], Cost::new(5).unwrap()).unwrap();
    assert_eq!(hash(four, &[costly]), Err(Error::CostAboveRun(5)));
    assert_eq!(hash(four, &[]), Ok(Vec::new()));
}

#[test]
fn debug_output_hides_the_password() {
    let input = Input::new(b"hunter22", [0; 16], Cost::new(4).unwrap()).unwrap();

    assert_eq!(format!("{input:?}"), "Input { cost: Cost(4), .. }");
}
