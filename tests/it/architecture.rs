//! The walls of the house: which crate may be named where, and which module may know which.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every source file, by its path below `src`, with its code: comments and unit tests are left out.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut directories: Vec<PathBuf> = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path.file_stem().is_some_and(|stem| stem != "tests")
            {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
                let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                files.push((name, lines.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    assert!(files.len() > 60, "only {} files were found", files.len());
    files
}

#[test]
fn a_crate_is_named_only_in_its_room() {
    let rooms: [(&str, &[&str]); 8] = [
        ("rusqlite", &["actors/db/sqlite/"]),
        ("jsonwebtoken", &["actors/token/"]),
        ("bcrypt", &["actors/password/"]),
        ("fair_queue", &["actors/password/"]),
        ("actix_web", &["http/", "app.rs", "app/"]),
        // The command line names it where it says what is not logged.
        ("actix_http", &["app/", "cli/logging.rs"]),
        ("actix_server", &["app/"]),
        ("actix_service", &["app/"]),
    ];
    for (krate, room) in rooms {
        let names =
            |code: &str| code.contains(&format!("{krate}::")) || code.contains(&format!("use {krate}"));
        let (inside, outside): (Vec<_>, Vec<_>) = sources()
            .into_iter()
            .filter(|(_, code)| names(code))
            .partition(|(name, _)| room.iter().any(|room| name.starts_with(room)));

        assert!(!inside.is_empty(), "{krate} is named nowhere: the test is blind");
        let outside: Vec<_> = outside.into_iter().map(|(name, _)| name).collect();
        assert_eq!(outside, Vec::<String>::new(), "{krate}");
    }
}

#[test]
fn messages_to_the_database_name_no_engine() {
    let messages = sources().into_iter().filter(|(name, _)| {
        name.strip_prefix("actors/db/").is_some_and(|file| file != "mod.rs" && !file.contains('/'))
    });
    for (name, code) in messages {
        let code = code.to_lowercase();
        for word in ["sqlite", "select ", "insert into", "delete from", "update users", "update sessions"] {
            assert!(!code.contains(word), "{name} says {word}");
        }
    }
}

#[test]
fn a_module_knows_only_those_before_it() {
    let order = ["domain", "config", "metrics", "actors", "http", "app", "cli"];
    for (name, code) in sources() {
        let own = name.split(['/', '.']).next().unwrap_or_default().to_owned();
        let Some(place) = order.iter().position(|module| *module == own) else { continue };
        for later in &order[place + 1..] {
            let mentions =
                [format!("crate::{later}::"), format!("    {later}::"), format!("crate::{later};")];
            // Within `use crate::{…}` a module stands at the start of a line.
            let found = mentions.iter().any(|mention| code.contains(mention.as_str()));
            assert!(!found, "{name} knows of {later}");
        }
    }
}

#[test]
fn the_leaves_do_not_drive_each_other() {
    for (name, code) in sources() {
        let others: &[&str] = match name.split('/').nth(1) {
            Some("db") => &["password::", "token::", "throttle::", "account::", "maintenance::"],
            Some("password") => &["db::", "token::", "throttle::", "account::", "maintenance::"],
            Some("throttle") => &["db::", "password::", "token::", "account::", "maintenance::"],
            _ => continue,
        };
        for other in others.iter().filter(|_| name.starts_with("actors/")) {
            let found = code.contains(&format!("actors::{other}"))
                || code.contains(&format!("super::super::{other}"));
            assert!(!found, "{name} knows of {other}");
        }
    }
}

#[test]
fn nothing_is_left_undone_or_switched_off() {
    for (name, code) in sources() {
        for mark in ["todo!(", "unimplemented!(", "dbg!(", "allow(dead_code", "allow(clippy", "thread::sleep"]
        {
            assert!(!code.contains(mark), "{name}: {mark}");
        }
    }
}

#[test]
fn a_stored_secret_is_wrapped_or_comes_from_a_column() {
    let mut makers: Vec<_> = sources()
        .into_iter()
        .filter(|(_, code)| code.contains("StoredSecret::from_column") || code.contains("Self::from_column"))
        .map(|(name, _)| name)
        .collect();

    makers.sort_unstable();
    assert_eq!(makers, ["actors/db/sqlite/columns.rs", "domain/key_wrap.rs"]);
}
