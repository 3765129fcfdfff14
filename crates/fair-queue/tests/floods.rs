//! The effect of a flood on other entries. Paths are those of a login: site, network, account.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use fair_queue::{FairQueue, Ticket};
use proptest::prelude::*;

type Logins = FairQueue<u64, [u64; 3], 3>;

const ALICE: u64 = 1;
const BOB: u64 = 2;
/// The keys of a flood are numbers from here on.
const FLOOD: u64 = 1000;

fn login(queue: &mut Logins, path: [u64; 3]) -> Ticket {
    queue.push(path, 1, path)
}

fn ahead(queue: &Logins, ticket: Ticket) -> usize {
    queue.ahead(ticket).unwrap().entries
}

/// Serves entries, each of which is pushed again at once, as connections without pause do.
fn serve_returning(queue: &mut Logins, how_many: usize) {
    for _ in 0..how_many {
        let path = queue.pop().unwrap();
        login(queue, path);
    }
}

#[test]
fn a_flood_from_one_place_delays_others_by_one_of_its_entries() {
    type Flood = fn(u64) -> [u64; 3];
    let floods: [(&str, Flood); 4] = [
        ("one network, one account", |_| [FLOOD, 1, ALICE]),
        ("one network, many accounts", |n| [FLOOD, 1, FLOOD + n]),
        ("a site's thousand networks, one account", |n| [FLOOD, n, ALICE]),
        ("a site's thousand networks, many accounts", |n| [FLOOD, n, FLOOD + n]),
    ];
    for (name, flood) in floods {
        for served in [0, 1, 7, 500, 2345] {
            for account in [ALICE, BOB] {
                let mut queue = Logins::new();
                for number in 0..1000 {
                    login(&mut queue, flood(number));
                }
                serve_returning(&mut queue, served);

                let owner = login(&mut queue, [1, 1, account]);

                assert!(ahead(&queue, owner) <= 1, "{name}, {served} served: {}", ahead(&queue, owner));
            }
        }
    }
}

#[test]
fn behind_a_shared_network_a_flood_on_one_account_delays_another_by_one_entry_at_a_time() {
    let mut queue = Logins::new();
    for _ in 0..1000 {
        login(&mut queue, [1, 1, ALICE]);
    }
    serve_returning(&mut queue, 10);

    let bobs: Vec<_> = (0..5).map(|_| login(&mut queue, [1, 1, BOB])).collect();

    for (place, ticket) in bobs.into_iter().enumerate() {
        assert!(ahead(&queue, ticket) <= 2 * place + 1);
    }
}

#[test]
fn many_sites_that_try_one_account_delay_other_accounts_by_one_entry() {
    let mut queue = Logins::new();
    for site in 0..1000 {
        login(&mut queue, [FLOOD + site, 1, ALICE]);
    }
    // The same flood on as many accounts shows the effect of the crowd.
    let mut uncrowded = Logins::new();
    for site in 0..1000 {
        login(&mut uncrowded, [FLOOD + site, 1, FLOOD + site]);
    }
    serve_returning(&mut queue, 300);
    serve_returning(&mut uncrowded, 300);

    let among_the_crowd = login(&mut queue, [1, 1, BOB]);
    let among_strangers = login(&mut uncrowded, [1, 1, BOB]);

    assert!(ahead(&queue, among_the_crowd) <= 1, "{}", ahead(&queue, among_the_crowd));
    assert_eq!(ahead(&uncrowded, among_strangers), 700);
}

#[test]
fn the_owner_of_an_account_that_many_sites_try_has_a_share_like_each_site() {
    for backlog in [1, 5] {
        let mut queue = Logins::new();
        for _ in 0..backlog {
            for site in 0..1000 {
                login(&mut queue, [FLOOD + site, 1, ALICE]);
            }
        }
        serve_returning(&mut queue, 300);

        let owner = login(&mut queue, [1, 1, ALICE]);

        assert!(ahead(&queue, owner) <= 1000, "{}", ahead(&queue, owner));
    }
}

#[test]
fn who_leaves_and_returns_with_many_does_not_overtake_who_stays() {
    let mut queue = Logins::new();
    let mut flood: Vec<_> = (0..100).map(|site| login(&mut queue, [FLOOD + site, 1, ALICE])).collect();
    let owner = login(&mut queue, [1, 1, ALICE]);
    assert_eq!(ahead(&queue, owner), 100);

    for ticket in flood.drain(..) {
        queue.remove(ticket).unwrap();
    }
    flood.extend((0..100).map(|site| login(&mut queue, [FLOOD + site, 1, ALICE])));

    assert_eq!(ahead(&queue, owner), 0);
}

#[test]
fn a_crowd_is_not_starved_by_newcomers_who_are_preferred() {
    let mut queue = Logins::new();
    for site in 0..50 {
        login(&mut queue, [FLOOD + site, 1, ALICE]);
    }
    login(&mut queue, [1, 1, ALICE]);

    let mut served = 0;
    for newcomer in 2 * FLOOD..3 * FLOOD {
        // Each from a different site and for a different account.
        login(&mut queue, [newcomer, 1, newcomer]);
        served += 1;
        if queue.pop().unwrap() == [1, 1, ALICE] {
            break;
        }
    }

    // The round closes to newcomers after e - 1 times as many services as wait; then the remaining entries
    // are served.
    assert!(served <= 51 * 3, "{served}");
}

#[test]
fn entries_that_leave_unserved_leave_nothing_behind_and_gain_nothing() {
    let mut queue = Logins::new();
    for site in 0..10 {
        login(&mut queue, [site, 1, FLOOD + site]);
    }
    serve_returning(&mut queue, 15);
    let before = (queue.flows(), queue.iter().map(|(_, path)| *path).collect::<Vec<_>>());

    for number in 0..10_000 {
        let ticket = login(&mut queue, [FLOOD + number % 700, number % 3, number % 11]);
        assert!(queue.flows() <= before.0 + 3);
        queue.remove(ticket).unwrap();
    }

    assert_eq!((queue.flows(), queue.iter().map(|(_, path)| *path).collect::<Vec<_>>()), before);
}

#[test]
fn memory_follows_what_waits_though_newcomers_never_end() {
    let mut queue = Logins::new();
    for site in 0..100 {
        login(&mut queue, [site, 1, site]);
        // A second entry keeps the next round from becoming the current one.
        login(&mut queue, [site, 1, site]);
    }
    let mut most = 0;
    for newcomer in FLOOD..FLOOD + 20_000 {
        login(&mut queue, [newcomer, 1, newcomer]);
        queue.pop().unwrap();
        most = most.max(queue.flows());
    }

    // Three nodes for each of 200 waiting entries, and one for each that is remembered.
    assert!(most <= 3 * 200 + 2 * 200, "{most}");
    assert!((0..200).all(|_| queue.pop().is_some()));
    assert_eq!(queue.flows(), 0);
}

#[test]
fn the_last_is_of_the_flow_with_the_longest_backlog_and_else_the_newcomer() {
    let mut queue = Logins::new();
    let _quiet = login(&mut queue, [1, 1, BOB]);
    for _ in 0..5 {
        login(&mut queue, [FLOOD, 1, ALICE]);
    }

    let newcomer = login(&mut queue, [2, 1, 3]);

    for _ in 0..4 {
        let (_, path) = queue.pop_last().unwrap();
        assert_eq!(path, [FLOOD, 1, ALICE]);
    }
    // One entry of each is left.
    assert_eq!(queue.pop_last().unwrap().0, newcomer);
}

/// Whether a newcomer is to be refused because of its share, as the caller does that bounds the queue.
fn is_beyond_share(queue: &mut Logins, path: [u64; 3], capacity: u64) -> bool {
    let ticket = login(queue, path);
    let is_beyond = queue.exceeds_share(ticket, capacity);
    queue.remove(ticket).unwrap();
    is_beyond
}

#[test]
fn the_excess_of_a_flow_is_charged_to_those_in_it_that_have_most() {
    // A flood of a hundred logins for Alice, where the whole capacity is a hundred, and one login elsewhere.
    let mut queue = Logins::new();
    for _ in 0..100 {
        login(&mut queue, [1, 1, ALICE]);
    }
    login(&mut queue, [9, 1, BOB]);

    assert!(is_beyond_share(&mut queue, [1, 1, ALICE], 100));
    // Its neighbours have nothing yet, though their site and their network have more than a share.
    assert!(!is_beyond_share(&mut queue, [1, 1, BOB], 100));
    assert!(!is_beyond_share(&mut queue, [1, 2, ALICE], 100));
    assert!(!is_beyond_share(&mut queue, [1, 2, BOB], 100));

    // Where a site's excess is of many that have one entry each, it is the newcomer's.
    let mut queue = Logins::new();
    for account in 0..100 {
        login(&mut queue, [1, 1, FLOOD + account]);
    }
    login(&mut queue, [9, 1, BOB]);
    assert!(is_beyond_share(&mut queue, [1, 1, BOB], 100));
    assert!(!is_beyond_share(&mut queue, [8, 1, BOB], 100));
}

proptest! {
    /// The bound of Goyal, Vin and Cheng, at each node.
    #[test]
    fn of_two_that_always_wait_neither_is_ahead_by_more_than_an_entry_of_each(
        flows in proptest::collection::vec((0..4u64, 0..3u64, 0..3u64, 1..8u32), 2..16),
        served in 1..150usize,
    ) {
        let mut queue = FairQueue::<u64, ([u64; 3], u32), 3>::new();
        for &(site, network, account, weight) in &flows {
            let path = [site, network, account];
            // Two entries of each, so that a flow still waits while its first is served.
            queue.push(path, weight, (path, weight));
            queue.push(path, weight, (path, weight));
        }
        // The cost served below each node, by the keys that lead there.
        let mut costs: BTreeMap<Vec<u64>, u64> = BTreeMap::new();
        for &(site, network, account, _) in &flows {
            for level in 1..=3 {
                costs.insert([site, network, account][..level].to_vec(), 0);
            }
        }
        let heaviest = u64::from(flows.iter().map(|flow| flow.3).max().unwrap());

        for _ in 0..served {
            let (path, weight) = queue.pop().unwrap();
            queue.push(path, weight, (path, weight));
            for level in 1..=3 {
                *costs.get_mut(&path[..level]).unwrap() += u64::from(weight);
            }

            for (one, cost) in &costs {
                for (other, other_cost) in &costs {
                    let are_siblings = one.len() == other.len() && one[..one.len() - 1] == other[..one.len() - 1];
                    prop_assert!(!are_siblings || cost.abs_diff(*other_cost) <= 2 * heaviest, "{one:?} {other:?}");
                }
            }
        }
    }

    /// A flow that is empty between its entries gets no more than one that always waits.
    #[test]
    fn who_empties_and_returns_at_once_gains_nothing(
        steady in 1..6u64,
        served in 1..300usize,
    ) {
        let mut queue = Logins::new();
        for site in 0..steady {
            login(&mut queue, [site, 1, site]);
            login(&mut queue, [site, 1, site]);
        }
        login(&mut queue, [FLOOD, 1, FLOOD]);
        let mut counts: BTreeMap<u64, usize> = BTreeMap::new();

        for _ in 0..served {
            let path = queue.pop().unwrap();
            *counts.entry(path[0]).or_default() += 1;
            login(&mut queue, path);
        }

        let of = |site| counts.get(&site).copied().unwrap_or(0);
        prop_assert!((0..steady).all(|site| of(FLOOD) <= of(site) + 1));
    }

    /// No entry waits for ever, whatever arrives meanwhile.
    #[test]
    fn nobody_is_starved(
        waiting in 1..40u64,
        newcomers in proptest::collection::vec((0..60u64, 0..3u64, 0..5u64), 1000),
    ) {
        let mut queue = Logins::new();
        for number in 0..waiting {
            login(&mut queue, [number % 7, number % 3, number % 5]);
        }
        let (last, _) = queue.iter().last().unwrap();
        let rounds = usize::try_from(waiting.div_ceil(7)).unwrap();

        let mut served = 0;
        for (site, network, account) in newcomers {
            login(&mut queue, [FLOOD + site, network, account]);
            served += 1;
            let next = queue.iter().next().map(|(ticket, _)| ticket);
            queue.pop().unwrap();
            if next == Some(last) {
                break;
            }
        }

        // The round closes to newcomers after e - 1 times as many services as wait; then the remaining
        // entries are served.
        prop_assert!(served <= 3 * (rounds + 1) * usize::try_from(waiting).unwrap(), "{served}");
    }
}
