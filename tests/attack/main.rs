//! Attacks that once worked, each tried again against a real server on a socket: a file per weakness,
//! named after the claim that now holds.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod a_clock_set_back_throttles_nobody;
mod a_common_password_is_not_set;
mod a_copy_of_the_database_and_an_old_refresh_token_do_not_give_the_current_one;
mod a_dead_refresh_token_does_not_tell_why;
mod a_deleted_account_leaves_nothing_in_the_file;
mod a_flood_of_logins_keeps_nobody_out;
mod a_logins_time_does_not_tell_whose_hash_it_is;
mod a_name_that_cannot_be_leaves_nothing_behind;
mod a_password_of_72_bytes_matches_nothing_longer;
mod a_published_secret_starts_no_server;
mod a_replay_from_elsewhere_by_another_program_is_theft;
mod a_revoked_key_signs_nothing;
mod a_scope_confirms_no_password;
mod a_shared_address_lets_in_whom_it_knows;
mod a_stolen_token_does_not_take_an_account;
mod a_throttled_name_does_not_tell_its_address;
mod a_verifiers_key_makes_no_token;
mod an_account_has_a_bounded_number_of_live_sessions;
mod an_administrators_token_for_services_does_not_administer;
mod an_old_login_changes_nobodys_account;
mod an_old_refresh_token_is_theft_whatever_it_asks_for;
mod answers_are_neither_framed_nor_cached_nor_led_to_plain_http;
mod every_hash_slot_comes_back;
mod guesses_from_many_networks_come_to_an_end;
mod hanging_up_ends_nobodys_logins;
mod logging_in_again_and_again_fills_no_disk;
mod nobody_registers_where_registration_is_closed;
mod pages_of_other_sites_send_nothing;
mod readiness_is_no_lever;
mod registrations_are_limited_by_network;
#[path = "../support/mod.rs"]
mod support;
mod the_list_of_sessions_does_not_tell_when_to_replay;
mod who_does_not_read_is_disconnected;
mod with_an_encryption_key_a_stolen_file_signs_nothing;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

/// The claims of an access token.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
