//! The walls between modules: which crate may be named where, and which module may use which.

use crate::imports::{Source, sources};

#[test]
fn a_crate_is_named_only_in_its_room() {
    let rooms: [(&str, &[&str]); 8] = [
        ("rusqlite", &["actors/db/sqlite/"]),
        ("jsonwebtoken", &["actors/token/"]),
        ("bcrypt", &["actors/password/"]),
        ("fair_queue", &["actors/password/"]),
        ("actix_web", &["http/", "app/"]),
        ("actix_http", &["app/"]),
        ("actix_server", &["app/"]),
        ("actix_service", &["app/"]),
    ];
    let sources = sources();
    for (krate, room) in rooms {
        let (inside, outside): (Vec<_>, Vec<_>) = sources
            .iter()
            .filter(|source| source.names(&[krate]))
            .map(|source| source.name.as_str())
            .partition(|name| room.iter().any(|room| name.starts_with(room)));

        assert!(!inside.is_empty(), "{krate} is named nowhere: the test is blind");
        assert_eq!(outside, [""; 0], "{krate}");
    }
}

#[test]
fn messages_to_the_database_name_no_engine() {
    let messages = sources().into_iter().filter(|source| {
        source
            .name
            .strip_prefix("actors/db/")
            .is_some_and(|file| !["mod.rs", "engine.rs"].contains(&file) && !file.contains('/'))
    });
    for Source { name, code, .. } in messages {
        let code = code.to_lowercase();
        for word in ["sqlite", "select ", "insert into", "delete from", "update users", "update sessions"] {
            assert!(!code.contains(word), "{name} says {word}");
        }
    }
}

#[test]
fn only_the_database_names_the_actor_of_an_engine() {
    for source in sources() {
        let is_database = source.name.starts_with("actors/db/");
        assert!(is_database || !source.names_last(&["DbActor"]), "{} names DbActor", source.name);
    }
}

#[test]
fn a_module_knows_only_those_before_it() {
    let order = ["domain", "config", "metrics", "actors", "http", "app", "cli"];
    for source in sources() {
        let own = source.name.split(['/', '.']).next().unwrap_or_default();
        let Some(place) = order.iter().position(|module| *module == own) else { continue };
        for later in &order[place + 1..] {
            assert!(!source.names(&["crate", later]), "{} knows of {later}", source.name);
        }
    }
}

#[test]
fn the_leaves_do_not_drive_each_other() {
    let leaves = ["db", "password", "throttle", "token"];
    let others = leaves.into_iter().chain(["account", "maintenance"]);
    for source in sources() {
        let own = leaves.iter().find(|leaf| source.name.starts_with(&format!("actors/{leaf}/")));
        let Some(own) = own else { continue };
        for other in others.clone().filter(|other| other != own) {
            assert!(!source.names(&["crate", "actors", other]), "{} knows of {other}", source.name);
        }
    }
}

#[test]
fn no_lint_is_allowed_without_a_reason_and_no_thread_sleeps() {
    for source in sources() {
        // A disabled lint is written as `expect` with a reason. clippy refuses unfinished code.
        assert!(!source.names(&["#[allow]"]), "{} allows a lint", source.name);
        assert!(!source.names_last(&["thread", "sleep"]), "{} sleeps", source.name);
    }
}

#[test]
fn a_stored_secret_is_wrapped_or_comes_from_a_column() {
    let reads_secret = |source: &Source| {
        source.names_last(&["StoredSecret", "from_column"]) || source.names(&["Self", "from_column"])
    };
    let mut makers: Vec<_> = sources().into_iter().filter(reads_secret).map(|source| source.name).collect();

    makers.sort_unstable();
    assert_eq!(makers, ["actors/db/sqlite/columns.rs", "domain/key_wrap/mod.rs"]);
}
