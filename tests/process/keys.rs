//! `sekisho keys`, beside a running server.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::support::{Home, Tokens, home, open, wait_until};

/// The id of the key that signed a token.
fn kid(tokens: &Tokens) -> String {
    let header = tokens.access.split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

fn listed(home: &Home) -> Vec<(String, String)> {
    let keys = home.run(&["keys", "list", "--json"]).json();
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    keys.as_array().unwrap().iter().map(|key| (text(key, "kid"), text(key, "state"))).collect()
}

#[test]
fn a_rotated_key_is_announced_by_the_running_server_and_does_not_sign_yet() {
    let home = home();
    let server = home.serve();
    let before = server.newcomer("alice");

    let said = home.run(&["keys", "rotate"]).ok();
    wait_until("the new key is announced", || server.kids().len() == 2);
    let after = server.log_in("alice");

    let keys = listed(&home);
    assert_eq!(keys.iter().map(|(_, state)| state.as_str()).collect::<Vec<_>>(), ["signing", "announced"]);
    assert!(said.starts_with(&format!("key {} (ES256) signs from ", keys[1].0)), "{said}");
    assert!(server.kids().contains(&keys[1].0));
    assert_eq!(kid(&before), keys[0].0);
    assert_eq!(kid(&after), keys[0].0);
}

#[test]
fn a_key_rotated_now_signs_within_seconds_and_old_tokens_stay_valid() {
    let home = home();
    let server = home.serve();
    let before = server.newcomer("alice");

    home.run(&["keys", "rotate", "--now"]).ok();
    wait_until("the new key signs", || kid(&server.log_in("alice")) != kid(&before));
    let after = server.log_in("alice");

    let keys = listed(&home);
    assert_eq!(keys.iter().map(|(_, state)| state.as_str()).collect::<Vec<_>>(), ["retiring", "signing"]);
    assert_eq!((kid(&before), kid(&after)), (keys[0].0.clone(), keys[1].0.clone()));
    assert_eq!((server.me(&before).status, server.me(&after).status), (200, 200));
    assert_eq!(kid(&server.refresh(&before.refresh).tokens()), keys[1].0);
    assert_eq!(server.kids().len(), 2);
}

#[test]
fn ten_rotations_beside_eight_clients_refuse_no_valid_token() {
    let home = home();
    let server = home.serve();
    server.register("alice").expect(201);
    let stop = AtomicBool::new(false);

    let signed_by = thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut signed_by = BTreeSet::new();
                    let mut tokens = vec![server.log_in("alice")];
                    while !stop.load(Ordering::Relaxed) {
                        let newest = server.refresh(&tokens.last().unwrap().refresh).tokens();
                        signed_by.insert(kid(&newest));
                        tokens.push(newest);
                        // The newest token, and one from long ago.
                        for token in [tokens.last().unwrap(), &tokens[tokens.len() / 2]] {
                            server.me(token).expect(200);
                        }
                    }
                    signed_by
                })
            })
            .collect();
        for _ in 0..10 {
            home.run(&["keys", "rotate", "--now"]).ok();
            let newest = listed(&home).last().unwrap().0.clone();
            wait_until("the new key signs", || kid(&server.log_in("alice")) == newest);
        }
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<BTreeSet<_>>()
    });

    assert!(signed_by.len() >= 10, "{signed_by:?}");
}

#[test]
fn a_rotation_at_one_server_reaches_the_other_on_the_same_file() {
    let home = home();
    let issuer = ["--issuer=http://sekisho.test"];
    let (one, other) = (home.serve_with(&issuer), home.serve_with(&issuer));
    let before = one.newcomer("alice");

    home.run(&["keys", "rotate", "--now"]).ok();
    wait_until("one signs with the new key", || kid(&one.log_in("alice")) != kid(&before));
    let after = one.log_in("alice");
    wait_until("the other has the new key", || other.kids().contains(&kid(&after)));

    for server in [&one, &other] {
        assert_eq!((server.me(&before).status, server.me(&after).status), (200, 200));
    }
}

/// The version of the installation's secret that a refresh token names.
fn refresh_version(tokens: &Tokens) -> u8 {
    BASE64_URL_SAFE_NO_PAD.decode(&tokens.refresh).unwrap()[0]
}

#[test]
fn a_new_refresh_secret_reaches_every_server_and_logs_nobody_out() {
    let home = home();
    let issuer = ["--issuer=http://sekisho.test"];
    let (one, other) = (home.serve_with(&issuer), home.serve_with(&issuer));
    let idle = one.newcomer("alice");
    let busy = one.log_in("alice");

    let said = home.run(&["keys", "rotate-refresh-secret"]).ok();
    // It is not used until every server knows it; in this test that minute is over at once.
    assert_eq!(refresh_version(&other.refresh(&busy.refresh).tokens()), 0);
    let past = "UPDATE secrets SET used_from = used_from - 60000 WHERE name = 'refresh.1'";
    assert_eq!(open(&home.database()).execute(past, []).unwrap(), 1);
    for server in [&one, &other] {
        wait_until("the new secret is used", || refresh_version(&server.log_in("alice")) == 1);
    }

    assert!(said.starts_with("version 1 of the refresh secret makes new tokens from "), "{said}");
    for tokens in [&idle, &busy] {
        let here = one.refresh(&tokens.refresh).tokens();
        let there = other.refresh(&here.refresh).tokens();
        assert_eq!((refresh_version(&there), one.me(&there).status), (1, 200));
    }
    one.stop();
    other.stop();
    home.serve_with(&issuer).refresh(&idle.refresh).expect(200);
}

#[test]
fn another_algorithm_takes_over_at_the_next_start_and_old_tokens_stay_valid() {
    let home = home();
    let issuer = "--issuer=http://sekisho.test";
    let server = home.serve_with(&[issuer]);
    let before = server.newcomer("alice");
    server.stop();

    let server = home.serve_with(&[issuer, "--algorithm=EdDSA"]);
    let after = server.log_in("alice");

    assert_ne!(kid(&before), kid(&after));
    assert_eq!((server.me(&before).status, server.me(&after).status), (200, 200));
    assert_eq!(server.kids().len(), 2);
}

#[test]
fn keys_are_listed_without_what_is_private() {
    let home = home();
    home.serve().stop();

    let (table, json) = (home.run(&["keys", "list"]).ok(), home.run(&["keys", "list", "--json"]).json());

    let names: Vec<_> = json[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["algorithm", "announced_at", "kid", "signs_from", "state", "verifies_until"]);
    assert_eq!(table.lines().count(), 2);
    assert!(table.contains("ES256") && table.contains("signing"), "{table}");
}

#[test]
fn a_revoked_key_is_refused_at_once_and_a_new_one_signs() {
    let home = home();
    let issuer = ["--issuer=http://sekisho.test"];
    let (one, other) = (home.serve_with(&issuer), home.serve_with(&issuer));
    let before = one.newcomer("alice");
    other.me(&before).expect(200);

    let said = home.run(&["keys", "revoke", &kid(&before)]).ok();

    for server in [&one, &other] {
        wait_until("what it signed is refused", || server.me(&before).status == 401);
        assert!(!server.kids().contains(&kid(&before)));
    }
    let after = one.refresh(&before.refresh).tokens();
    assert_eq!((one.me(&after).status, other.me(&after).status), (200, 200));
    assert!(said.contains(&format!("; key {} signs", kid(&after))), "{said}");
    assert_eq!(listed(&home).len(), 1);
}

#[test]
fn revoking_a_key_that_does_not_sign_leaves_the_one_that_does() {
    let home = home();
    let server = home.serve();
    let first = server.newcomer("alice");
    home.run(&["keys", "rotate", "--now"]).ok();
    wait_until("the second key signs", || kid(&server.log_in("alice")) != kid(&first));
    let second = server.log_in("alice");
    home.run(&["keys", "rotate"]).ok();
    let third = listed(&home).last().unwrap().0.clone();

    let retiring = home.run(&["keys", "revoke", &kid(&first)]).ok();
    home.run(&["keys", "revoke", &third]).ok();

    assert!(!retiring.contains("signs."), "{retiring}");
    wait_until("what the first signed is refused", || server.me(&first).status == 401);
    server.me(&second).expect(200);
    assert_eq!(listed(&home), [(kid(&second), "signing".to_owned())]);
}

#[test]
fn a_key_that_is_not_in_the_database_cannot_be_revoked() {
    let home = home();
    home.serve().stop();

    let line = home.run(&["keys", "revoke", "unknown"]).refused(1);

    assert!(line.contains("there is no key unknown in the database"), "{line}");
    assert_eq!(listed(&home).len(), 1);
}

#[test]
fn the_lifetime_of_access_tokens_has_the_same_bounds_for_the_list_as_for_the_server() {
    let home = home();
    for minutes in ["0", "10081", "4294967295"] {
        let flag = format!("--access-token-minutes={minutes}");

        let list = home.run(&["keys", "list", &flag]).refused(2);
        let serve = home.run(&["serve", &flag]).refused(2);

        assert_eq!(list, serve);
    }
}

#[test]
fn a_key_is_revoked_even_while_another_process_keeps_everybody_from_writing() {
    let home = home();
    let server = home.serve();
    let tokens = server.newcomer("alice");
    home.run(&["keys", "revoke", &kid(&tokens)]).ok();

    let db = open(&home.database());
    db.execute_batch("BEGIN IMMEDIATE").unwrap();

    wait_until("the key is refused", || server.me(&tokens).status == 401);
    assert!(!server.kids().contains(&kid(&tokens)));
    assert!(!db.is_autocommit(), "it was refused before anybody could write");
}
