use super::*;

fn suspect(account: &str, ip: &str) -> Suspect {
    Suspect::new(account, Some(ip.parse().unwrap()))
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_000_000) + Duration::from_secs(seconds)
}

fn fail(ledger: &mut Ledger, who: &Suspect, now: Timestamp) {
    assert_eq!(ledger.begin(who, now), Decision::Go);
    ledger.settle(who, Outcome::Failure, now);
}

#[test]
fn the_delay_grows_after_five_failures() {
    let (mut ledger, who) = (Ledger::default(), suspect("alice", "10.0.0.1"));
    for _ in 0..5 {
        fail(&mut ledger, &who, at(0));
    }

    assert_eq!(ledger.judge(&who, at(0)), Decision::Throttled(Duration::from_secs(1)));
    fail(&mut ledger, &who, at(1));
    assert_eq!(ledger.judge(&who, at(1)), Decision::Throttled(Duration::from_secs(2)));
    fail(&mut ledger, &who, at(3));
    assert_eq!(ledger.judge(&who, at(3)), Decision::Throttled(Duration::from_secs(4)));
}

#[test]
fn the_delay_has_an_end() {
    let (mut ledger, who) = (Ledger::default(), suspect("alice", "10.0.0.1"));
    let mut now = at(0);
    for _ in 0..40 {
        fail(&mut ledger, &who, now);
        if let Decision::Throttled(delay) = ledger.judge(&who, now) {
            assert!(delay <= LONGEST_DELAY);
            now = now + delay;
        }
    }
}

#[test]
fn the_owner_elsewhere_and_other_accounts_here_are_left_alone() {
    let (mut ledger, attacker) = (Ledger::default(), suspect("alice", "10.0.0.1"));
    for _ in 0..5 {
        fail(&mut ledger, &attacker, at(0));
    }

    assert_eq!(ledger.judge(&suspect("alice", "10.0.1.1"), at(0)), Decision::Go);
    assert_eq!(ledger.judge(&suspect("bob", "10.0.0.1"), at(0)), Decision::Go);
    assert!(matches!(ledger.judge(&suspect("alice", "10.0.0.99"), at(0)), Decision::Throttled(_)));
    assert!(matches!(ledger.judge(&suspect("alice", "::ffff:10.0.0.7"), at(0)), Decision::Throttled(_)));
}

#[test]
fn a_host_with_a_whole_ipv6_network_is_one_network() {
    let mut ledger = Ledger::default();
    for host in 1..=5 {
        fail(&mut ledger, &suspect("alice", &format!("2001:db8::{host}")), at(0));
    }

    assert!(matches!(ledger.judge(&suspect("alice", "2001:db8::ffff"), at(0)), Decision::Throttled(_)));
    assert_eq!(ledger.judge(&suspect("alice", "2001:db8:0:1::1"), at(0)), Decision::Go);
}

#[test]
fn attempts_under_way_count_until_they_are_settled() {
    let (mut ledger, who) = (Ledger::default(), suspect("alice", "10.0.0.1"));
    for _ in 0..5 {
        assert_eq!(ledger.begin(&who, at(0)), Decision::Go);
    }

    assert_eq!(ledger.begin(&who, at(0)), Decision::Wait);
    ledger.settle(&who, Outcome::Success, at(0));
    assert_eq!(ledger.begin(&who, at(0)), Decision::Go);
}

#[test]
fn the_right_password_and_an_hour_both_clear_the_slate() {
    let (mut ledger, who) = (Ledger::default(), suspect("alice", "10.0.0.1"));
    for _ in 0..4 {
        fail(&mut ledger, &who, at(0));
    }
    assert_eq!(ledger.begin(&who, at(0)), Decision::Go);
    ledger.settle(&who, Outcome::Success, at(0));
    for _ in 0..5 {
        fail(&mut ledger, &who, at(0));
    }

    assert_eq!(ledger.judge(&who, at(3600)), Decision::Go);
}

#[test]
fn spraying_many_accounts_from_one_address_is_slowed() {
    let mut ledger = Ledger::default();
    for account in 0..SPRAY_BURST {
        fail(&mut ledger, &suspect(&account.to_string(), "10.0.0.1"), at(0));
    }

    let throttled = ledger.judge(&suspect("another", "10.0.0.1"), at(0));
    assert!(matches!(throttled, Decision::Throttled(delay) if delay <= SPRAY_INTERVAL), "{throttled:?}");
    assert_eq!(ledger.judge(&suspect("another", "10.0.0.2"), at(0)), Decision::Go);
    assert_eq!(ledger.judge(&suspect("another", "10.0.0.1"), at(11)), Decision::Go);
}

#[test]
fn more_addresses_than_accounts_are_bounded_too_and_the_deepest_in_debt_are_kept() {
    let mut ledger = Ledger::default();
    let sprayer = suspect("nobody", "192.0.2.1");
    for account in 0..50 {
        fail(&mut ledger, &Suspect::new(&format!("u{account}"), sprayer.address), at(0));
    }
    // Each account is tried from many addresses of one network, which is one entry.
    for number in 0..=u32::try_from(MOST_ENTRIES).unwrap() {
        let [.., low] = number.to_be_bytes();
        let ip = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
        if low % 64 < 4 {
            fail(&mut ledger, &Suspect::new(&format!("a{}", number / 64), Some(ip)), at(1));
        } else {
            fail(&mut ledger, &Suspect::new(&format!("a{number}"), Some(ip)), at(1));
        }
    }

    assert!(ledger.addresses.len() <= MOST_ENTRIES);
    assert!(ledger.addresses.contains_key(&sprayer.address), "who sprays is not forgotten for it");
}

#[test]
fn memory_is_bounded_and_given_back() {
    let mut ledger = Ledger::default();
    for account in 0..=MOST_ENTRIES {
        let ip = IpAddr::from(u32::try_from(account).unwrap().to_be_bytes());
        let who = Suspect::new(&account.to_string(), Some(ip));
        fail(&mut ledger, &who, at(u64::try_from(account).unwrap() / 1000));
    }

    assert!(ledger.accounts.len() <= MOST_ENTRIES && ledger.addresses.len() <= MOST_ENTRIES);
    let latest = (MOST_ENTRIES / 1000 * 1000).to_string();
    assert!(ledger.accounts.keys().any(|(account, _)| *account == latest), "the latest are kept");
    ledger.forget_old(at(100_000));
    assert!(ledger.accounts.is_empty() && ledger.addresses.is_empty());
}
