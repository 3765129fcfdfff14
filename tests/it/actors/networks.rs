//! The networks that an account has logged in from, as the throttle asks for them.

use sekisho::{
    actors::db::HasLoggedInFrom,
    domain::{Network, UserId},
};

use super::probes::{LoneDatabase, Run};
use crate::support::SendToDb;

/// Alice, and sessions of hers: one from each of these addresses, the oldest first, with this many from
/// another address in between.
async fn database(first: &str, others: i64, last: &str) -> LoneDatabase {
    let lone = LoneDatabase::start();
    let session = "INSERT INTO sessions (user_id, refresh_hash, scope, created_at, last_used_at, expires_at,
                       ip, ended_at, end_reason) ";
    let sql = format!(
        "INSERT INTO users (id, email, email_key, username, username_key, password_hash, role, created_at)
         VALUES (1, 'a', 'a', 'a', 'a', 'hash', 'user', 0), (2, 'b', 'b', 'b', 'b', 'hash', 'user', 0);
         {session} VALUES (1, zeroblob(32), 'user', 0, 0, 9, {first}, 5, 'logged_out');
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {others})
         {session} SELECT 1, zeroblob(32), 'user', 0, 0, 9, '203.0.113.1', NULL, NULL FROM n;
         {session} VALUES (1, zeroblob(32), 'user', 0, 0, 9, {last}, NULL, NULL);"
    );
    lone.db.send(Run(sql)).await.unwrap();
    lone
}

async fn has_logged_in(lone: &LoneDatabase, user: i64, ip: Option<&str>) -> bool {
    let network = ip.map(|ip| Network::of(ip.parse().unwrap()));
    lone.db.send(HasLoggedInFrom { user_id: Some(UserId(user)), network }).await.unwrap()
}

#[actix_web::test]
async fn a_network_is_known_by_any_of_its_addresses_and_by_a_session_that_has_ended() {
    let lone = database("'198.51.100.7'", 1, "'2001:db8:1:2::9'").await;
    for (ip, is_known) in [
        ("198.51.100.7", true),
        ("198.51.100.200", true),
        ("::ffff:198.51.100.1", true),
        ("198.51.101.7", false),
        ("203.0.113.200", true),
        ("2001:db8:1:2:ffff::1", true),
        ("2001:db8:1:3::9", false),
    ] {
        assert_eq!(has_logged_in(&lone, 1, Some(ip)).await, is_known, "{ip}");
        assert!(!has_logged_in(&lone, 2, Some(ip)).await, "{ip}");
    }
    assert!(!has_logged_in(&lone, 1, None).await);
    let nobody = HasLoggedInFrom { user_id: None, network: None };
    assert!(!lone.db.send(nobody).await.unwrap());
}

#[actix_web::test]
async fn an_address_that_was_not_known_is_a_network_of_its_own_and_a_text_that_is_none_is_no_network() {
    let lone = database("NULL", 1, "'nonsense'").await;

    assert!(has_logged_in(&lone, 1, None).await);
    let lone = database("'nonsense'", 1, "'nonsense'").await;
    assert!(!has_logged_in(&lone, 1, None).await);
}

#[actix_web::test]
async fn only_the_newest_sessions_are_looked_at() {
    let (first, last) = ("'198.51.100.7'", "'192.0.2.1'");
    let just_in = database(first, HasLoggedInFrom::MAX_SESSIONS - 2, last).await;
    let too_old = database(first, HasLoggedInFrom::MAX_SESSIONS - 1, last).await;

    assert!(has_logged_in(&just_in, 1, Some("198.51.100.7")).await);
    assert!(!has_logged_in(&too_old, 1, Some("198.51.100.7")).await);
    assert!(has_logged_in(&too_old, 1, Some("192.0.2.1")).await);
}
