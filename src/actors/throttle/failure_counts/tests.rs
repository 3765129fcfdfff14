use std::net::IpAddr;

use super::*;
use crate::{
    actors::throttle::key::CounterKeys,
    domain::{LoginName, Network, Random, SessionId},
};

/// A ledger, with the name that is tried and the address.
struct Tried {
    failures: FailureCounts,
    keys: CounterKeys,
}

impl Tried {
    fn new() -> Self {
        Self { failures: FailureCounts::default(), keys: CounterKeys::new(&Random::System).unwrap() }
    }

    fn login(&self, name: &str, ip: &str) -> Attempt {
        self.keys.login(&LoginName::parse(name).unwrap(), Some(ip.parse().unwrap()))
    }

    fn judge(&self, name: &str, ip: &str, now: MonotonicTime) -> AttemptDecision {
        self.failures.judge(&self.login(name, ip), now)
    }

    fn settle(&mut self, attempt: Attempt, outcome: AttemptOutcome, now: MonotonicTime) {
        assert_eq!(self.failures.judge(&attempt, now), AttemptDecision::Allow);
        let id = self.failures.begin(attempt, now);
        self.failures.settle(id, &attempt, outcome, now);
    }

    fn fail(&mut self, name: &str, ip: &str, now: MonotonicTime) {
        self.settle(self.login(name, ip), AttemptOutcome::Failure, now);
    }
}

fn at(seconds: u64) -> MonotonicTime {
    MonotonicTime::default() + Duration::from_secs(seconds)
}

/// Addresses of any number of networks: /24s, or /64s of one /48.
fn elsewhere(number: u32, is_ipv6: bool) -> String {
    if is_ipv6 {
        format!("2001:db8:1:{number:x}::1")
    } else {
        let [_, second, third, fourth] = number.to_be_bytes();
        format!("{}.{third}.{fourth}.7", 20 + second)
    }
}

#[test]
fn the_sixth_attempt_waits_and_nobody_elsewhere_does() {
    let mut tried = Tried::new();
    for _ in 0..5 {
        tried.fail("alice", "198.51.100.7", at(0));
    }

    assert_eq!(
        tried.judge("alice", "198.51.100.7", at(0)),
        AttemptDecision::Throttled(Duration::from_secs(1))
    );
    assert!(matches!(tried.judge("ALICE", "198.51.100.200", at(0)), AttemptDecision::Throttled(_)));
    assert_eq!(tried.judge("alice", "198.51.101.7", at(0)), AttemptDecision::Allow);
    assert_eq!(tried.judge("bob", "198.51.100.7", at(0)), AttemptDecision::Allow);
}

#[test]
fn a_name_and_an_address_are_counted_apart() {
    let mut tried = Tried::new();
    for _ in 0..5 {
        tried.fail("alice", "198.51.100.7", at(0));
    }

    assert_eq!(tried.judge("alice@example.com", "198.51.100.7", at(0)), AttemptDecision::Allow);
}

#[test]
fn pending_attempts_count_until_they_are_settled() {
    let mut tried = Tried::new();
    let attempt = tried.login("alice", "198.51.100.7");
    let ids: Vec<_> = (0..5).map(|_| tried.failures.begin(attempt, at(0))).collect();

    let full = tried.failures.judge(&attempt, at(0));

    assert!(
        matches!(full, AttemptDecision::Wait(count) if tried.failures.allowance(count, at(0)) == Allowance::Attempts(0))
    );
    tried.failures.settle(ids[0], &attempt, AttemptOutcome::NotLookedAt, at(0));
    assert_eq!(tried.failures.judge(&attempt, at(0)), AttemptDecision::Allow);
    for id in &ids[1..] {
        tried.failures.settle(*id, &attempt, AttemptOutcome::Success, at(0));
    }
    assert_eq!((tried.failures.entries(), tried.failures.pending()), (0, 0));
}

#[test]
fn the_right_password_forgets_that_names_failures_from_there_and_over_all_networks() {
    let mut tried = Tried::new();
    for number in 0..49 {
        tried.fail("alice", &elsewhere(number, false), at(0));
    }
    for _ in 0..4 {
        tried.failures.settle(
            AttemptId(0),
            &tried.login("alice", "198.51.100.7"),
            AttemptOutcome::Failure,
            at(0),
        );
    }
    let owner = tried.login("alice", "198.51.100.7").familiar();

    tried.settle(owner, AttemptOutcome::Success, at(0));

    for _ in 0..5 {
        tried.fail("alice", "198.51.100.7", at(0));
    }
    for number in 0..45 {
        tried.fail("alice", &elsewhere(number, true), at(0));
    }
    assert!(matches!(tried.judge("alice", "192.0.2.1", at(0)), AttemptDecision::StrangersThrottled(_)));
}

#[test]
fn over_all_networks_a_name_has_fifty_and_one_more_an_hour_and_its_owners_networks_are_free() {
    for is_ipv6 in [false, true] {
        let mut tried = Tried::new();
        for number in 0..50 {
            tried.fail("alice", &elsewhere(number, is_ipv6), at(0));
        }

        for number in (50..65_536).step_by(13) {
            let ip = elsewhere(number, is_ipv6);
            let decision = tried.judge("alice", &ip, at(number.into()));
            let left = Duration::from_hours(1).checked_sub(Duration::from_secs(number.into()));
            match left.filter(|left| !left.is_zero()) {
                Some(left) => assert_eq!(decision, AttemptDecision::StrangersThrottled(left), "{ip}"),
                None => assert_eq!(decision, AttemptDecision::Allow, "{ip}"),
            }
        }
        tried.fail("alice", &elsewhere(60, is_ipv6), at(3_600));
        assert!(matches!(
            tried.judge("alice", &elsewhere(61, is_ipv6), at(3_600)),
            AttemptDecision::StrangersThrottled(_)
        ));
        let owner = tried.login("alice", "192.0.2.1").familiar();
        assert_eq!(tried.failures.judge(&owner, at(3_600)), AttemptDecision::Allow);
        assert_eq!(tried.judge("alice@example.com", "192.0.2.1", at(3_600)), AttemptDecision::Allow);
    }
}

#[test]
fn a_network_that_an_account_knows_still_has_five_and_delays() {
    let mut tried = Tried::new();
    let owner = tried.login("alice", "192.0.2.1").familiar();
    for _ in 0..5 {
        tried.settle(owner, AttemptOutcome::Failure, at(0));
    }

    assert_eq!(tried.failures.judge(&owner, at(0)), AttemptDecision::Throttled(Duration::from_secs(1)));
}

#[test]
fn an_address_has_a_hundred_over_all_names_and_accounts_that_it_knows_are_free() {
    let mut tried = Tried::new();
    for number in 0..100 {
        tried.fail(&format!("person{number}"), "198.51.100.7", at(0));
    }

    let throttled = AttemptDecision::StrangersThrottled(Duration::from_secs(10));
    assert_eq!(tried.judge("another", "198.51.100.7", at(0)), throttled);
    assert_eq!(tried.judge("another", "198.51.100.8", at(0)), AttemptDecision::Allow);
    assert_eq!(tried.judge("another", "198.51.100.7", at(10)), AttemptDecision::Allow);
    assert_eq!(
        tried.failures.judge(&tried.login("alice", "198.51.100.7").familiar(), at(0)),
        AttemptDecision::Allow
    );
}

#[test]
fn a_whole_site_has_a_thousand_over_all_names() {
    let mut tried = Tried::new();
    for number in 0..1_000 {
        tried.fail(&format!("person{number}"), &elsewhere(number % 20, true), at(0));
    }

    let throttled = AttemptDecision::StrangersThrottled(Duration::from_secs(1));
    assert_eq!(tried.judge("another", &elsewhere(500, true), at(0)), throttled);
    assert_eq!(tried.judge("another", "2001:db8:2::1", at(0)), AttemptDecision::Allow);
}

#[test]
fn confirming_a_password_counts_as_a_failed_login_and_is_not_held_up_by_others() {
    let mut tried = Tried::new();
    let ip: IpAddr = "198.51.100.7".parse().unwrap();
    let name = LoginName::parse("alice").unwrap();
    let confirm = |tried: &Tried, session| tried.keys.confirmation(&name, SessionId(session), Some(ip));
    for number in 0..50 {
        tried.fail("alice", &elsewhere(number, false), at(0));
    }
    for number in 0..50 {
        tried.fail(&format!("person{number}"), "198.51.100.7", at(0));
    }

    for _ in 0..5 {
        tried.settle(confirm(&tried, 1), AttemptOutcome::Failure, at(0));
    }

    assert!(matches!(tried.failures.judge(&confirm(&tried, 2), at(0)), AttemptDecision::Throttled(_)));
    assert!(matches!(tried.judge("alice", "198.51.100.7", at(0)), AttemptDecision::Throttled(_)));
}

#[test]
fn a_session_has_fifty_confirmations_over_all_networks() {
    let mut tried = Tried::new();
    let name = LoginName::parse("alice").unwrap();
    let confirm = |tried: &Tried, session, number| {
        tried.keys.confirmation(&name, SessionId(session), Some(elsewhere(number, true).parse().unwrap()))
    };
    for number in 0..50 {
        tried.settle(confirm(&tried, 1, number), AttemptOutcome::Failure, at(0));
    }

    assert!(matches!(
        tried.failures.judge(&confirm(&tried, 1, 99), at(0)),
        AttemptDecision::StrangersThrottled(_)
    ));
    assert_eq!(tried.failures.judge(&confirm(&tried, 2, 99), at(0)), AttemptDecision::Allow);
}

#[test]
fn a_classroom_registers_at_once_and_a_program_does_not() {
    let mut tried = Tried::new();
    let network = |ip: &str| Network::of(ip.parse().unwrap());
    let here = tried.keys.registrant(network("198.51.100.7"));
    for _ in 0..100 {
        assert_eq!(tried.failures.count_registration(&here, at(0)), Ok(()));
    }

    assert_eq!(tried.failures.count_registration(&here, at(0)), Err(Duration::from_mins(1)));
    let elsewhere = tried.keys.registrant(network("198.51.101.7"));
    assert_eq!(tried.failures.count_registration(&elsewhere, at(0)), Ok(()));
    assert_eq!(tried.failures.count_registration(&here, at(60)), Ok(()));
    assert_eq!(tried.failures.count_registration(&here, at(60)), Err(Duration::from_mins(1)));
}

#[test]
fn a_site_with_many_networks_registers_a_thousand() {
    let mut tried = Tried::new();
    let registrant =
        |tried: &Tried, number| tried.keys.registrant(Network::of(elsewhere(number, true).parse().unwrap()));
    for number in 0..1_000 {
        assert_eq!(tried.failures.count_registration(&registrant(&tried, number), at(0)), Ok(()));
    }

    let refused = tried.failures.count_registration(&registrant(&tried, 5_000), at(0));

    assert_eq!(refused, Err(Duration::from_secs(6)));
    assert_eq!(
        tried.failures.judge(&tried.login("alice", &elsewhere(5_000, true)), at(0)),
        AttemptDecision::Allow
    );
}

#[test]
fn what_was_lost_on_the_way_is_given_up_and_counts_where_it_ends_after_all() {
    let mut tried = Tried::new();
    let attempt = tried.login("alice", "198.51.100.7");
    let ids: Vec<_> = (0..5).map(|_| tried.failures.begin(attempt, at(0))).collect();
    assert!(matches!(tried.failures.judge(&attempt, at(0)), AttemptDecision::Wait(_)));
    assert_eq!(tried.failures.forget_old(at(599)), []);

    assert_eq!(tried.failures.forget_old(at(600)), [attempt; 5]);

    assert_eq!((tried.failures.entries(), tried.failures.pending()), (0, 0));
    assert_eq!(tried.failures.judge(&attempt, at(600)), AttemptDecision::Allow);
    for id in ids {
        tried.failures.settle(id, &attempt, AttemptOutcome::Failure, at(601));
    }
    assert!(matches!(tried.failures.judge(&attempt, at(601)), AttemptDecision::Throttled(_)));
    assert_eq!(tried.failures.pending(), 0);
}
