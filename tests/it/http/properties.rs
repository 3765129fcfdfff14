//! Arbitrary texts: what the parsers accept is what the patterns describe.

use std::path::PathBuf;

use proptest::{
    prelude::*,
    string::string_regex,
    test_runner::{Config, TestRunner},
};
use sekisho::{
    actors::password::{UnusableHash, check_hash},
    config::Database,
    domain::{Cursor, Email, PasswordHash, Scope, Username},
};

pub(super) fn runner() -> TestRunner {
    TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() })
}

/// Texts that match a pattern; without its anchors, the generator produces the whole text.
fn texts_of(pattern: &str) -> impl Strategy<Value = String> + use<> {
    string_regex(pattern.trim_start_matches('^').trim_end_matches('$')).unwrap()
}

/// Texts near a boundary: made of few characters, so that they often almost match.
fn texts_near(alphabet: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![string_regex(alphabet).unwrap(), any::<String>()]
}

#[test]
fn every_text_that_the_pattern_describes_is_an_address() {
    runner()
        .run(&texts_of(Email::PATTERN), |text| {
            let parsed = Email::parse(&text).map(|email| email.as_str().to_owned());

            prop_assert_eq!(parsed.is_ok(), text.len() <= Email::MAX_LENGTH, "{}", text);
            prop_assert!(parsed.is_err() || parsed == Ok(text));
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_address_is_other_than_the_pattern_says() {
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        (1..=63).contains(&bytes.len())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && bytes[0] != b'-'
            && bytes[bytes.len() - 1] != b'-'
    };
    runner()
        .run(&texts_near("[a-b.+@ -]{0,8}@[a-b.@é-]{0,12}"), |text| {
            let at: Vec<_> = text.split('@').collect();
            let expected = at.len() == 2
                && (1..=64).contains(&at[0].len())
                && at[0].bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b))
                && at[1].split('.').count() >= 2
                && at[1].split('.').all(is_label)
                && text.len() <= 254;

            prop_assert_eq!(Email::parse(&text).is_ok(), expected, "{:?}", text);
            Ok(())
        })
        .unwrap();
}

#[test]
fn usernames_are_what_the_pattern_describes() {
    runner()
        .run(&texts_of(Username::PATTERN), |text| {
            prop_assert_eq!(Username::parse(&text).map(|name| name.as_str().to_owned()), Ok(text));
            Ok(())
        })
        .unwrap();
    runner()
        .run(&texts_near("[a-zA-Z0-9._@ é-]{0,66}"), |text| {
            let expected = text.len() <= 64
                && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));

            prop_assert_eq!(Username::parse(&text).is_ok(), expected, "{:?}", text);
            Ok(())
        })
        .unwrap();
}

#[test]
fn names_in_any_case_have_one_key() {
    runner()
        .run(&(texts_of(Username::PATTERN), any::<u64>()), |(text, mask)| {
            let turned: String =
                text.char_indices()
                    .map(|(at, c)| {
                        if mask >> (at % 64) & 1 == 1 {
                            c.to_ascii_uppercase()
                        } else {
                            c.to_ascii_lowercase()
                        }
                    })
                    .collect();

            prop_assert_eq!(Username::parse(&text).unwrap().key(), Username::parse(&turned).unwrap().key());
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_database_is_a_path_a_url_of_sqlite_or_memory() {
    runner()
        .run(&texts_near("(sqlite|sqlit|postgres|)(:/{0,4})?[a-b/.:]{0,6}(:memory:)?"), |text| {
            let parsed = text.parse::<Database>();

            match text.split_once("://") {
                Some((scheme, _)) if scheme != "sqlite" => prop_assert!(parsed.is_err(), "{text:?}"),
                Some((_, rest)) => {
                    let path = rest.strip_prefix('/').unwrap_or(rest);
                    let expected = match path {
                        "" | ":memory:" => Database::Memory,
                        path => Database::File(PathBuf::from(path)),
                    };
                    prop_assert_eq!(parsed, Ok(expected), "{:?}", text);
                }
                None if text.is_empty() => prop_assert!(parsed.is_err()),
                None if text == ":memory:" => prop_assert_eq!(parsed, Ok(Database::Memory)),
                None => prop_assert_eq!(parsed, Ok(Database::File(PathBuf::from(&text))), "{:?}", text),
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_cursor_that_can_be_read_is_written_as_it_was() {
    runner()
        .run(&texts_near("[A-Za-z0-9_-]{0,40}"), |text| {
            if let Ok(cursor) = Cursor::parse(&text) {
                prop_assert_eq!(Cursor::parse(&cursor.encode()), Ok(cursor));
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_scope_is_a_set_of_two_words() {
    runner()
        .run(&texts_near("((user|admin|root|User|)[ \t]{0,2}){0,4}"), |text| {
            let words: Vec<_> = text.split_ascii_whitespace().collect();
            let known = words.iter().all(|word| ["user", "admin"].contains(word));
            let parsed = Scope::parse(&text);

            prop_assert_eq!(parsed.is_ok(), known, "{:?}", text);
            if let Ok(scope) = parsed {
                prop_assert_eq!(
                    [Scope::USER, Scope::ADMIN].map(|known| scope.contains(known)),
                    ["user", "admin"].map(|name| words.contains(&name))
                );
                prop_assert_eq!(Scope::parse(&scope.to_string()), Ok(scope));
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_foreign_hash_is_taken_only_in_its_form_and_at_a_bearable_cost() {
    let check = |text: &str| check_hash(&PasswordHash::new(text.to_owned()), 12);
    let near = r"\$(2[abxyz]|bcrypt-sha256|v=2,t=2b,r=12){0,2}\$[0-9]{1,3}\$[./A-Za-z0-9]{0,60}";
    runner()
        .run(&texts_near(near), |text| {
            let is_bcrypt = text.len() == 60 && text.starts_with("$2");
            let is_wrapped = text.starts_with("$bcrypt-sha256$");
            prop_assert!(check(&text).is_err() || text.is_ascii() && (is_bcrypt || is_wrapped), "{}", text);
            Ok(())
        })
        .unwrap();
    let rest = "KIXQ9vE5nE1Yk3cYg6b0UeJ7lq1m8z6l4M0mN2bS0C8V5y0m7t1Wm";
    for cost in 0..100 {
        let found = check(&format!("$2b${cost:02}${rest}"));
        let expected = match cost {
            ..4 => Err(UnusableHash::Malformed),
            4..=14 => Ok(cost),
            15.. => Err(UnusableHash::TooCostly { cost, own_cost: 12 }),
        };
        assert!(found == expected || (cost > 31 && found.is_err()), "{cost}");
    }
}
