//! Links within the repository lead somewhere.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::support::{path, text};

/// Every Markdown page of the repository.
fn pages() -> Vec<PathBuf> {
    let pages_in = |directory: &str| {
        let entries = fs::read_dir(path(directory)).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "md"))
    };
    ["", "docs", "docs/decisions"].into_iter().flat_map(pages_in).collect()
}

/// The targets of a page's links, except those on the web.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target).filter(|target| !target.contains("://"))
}

#[test]
fn every_link_leads_to_a_file_or_a_heading() {
    let pages = pages();

    assert!(pages.len() > 8, "{pages:?}");
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            // A run of scripts/compare writes it, so it may be missing.
            if target.ends_with("docs/BENCHMARKS.md") && !target.exists() {
                continue;
            }
            assert!(target.exists(), "{}: {link}", page.display());
            let anchors = fs::read_to_string(&target).unwrap_or_default();
            let anchors = anchors.lines().filter(|line| line.starts_with('#')).map(anchor);
            assert!(
                heading.is_empty() || anchors.into_iter().any(|anchor| anchor == heading),
                "{}: {link}",
                page.display()
            );
        }
    }
}

/// The anchor of a heading.
fn anchor(heading: &str) -> String {
    let title = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Every file below a directory.
fn files_below(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(path(directory)).unwrap().map(|entry| entry.unwrap());
    entries
        .flat_map(|entry| {
            let name = format!("{directory}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() { files_below(&name) } else { vec![name] }
        })
        .collect()
}

#[test]
fn every_source_file_and_script_that_a_page_names_exists() {
    let files: Vec<String> = ["src", "crates", "tests", "examples", "scripts", "migrations"]
        .into_iter()
        .flat_map(files_below)
        .collect();
    let mut named = 0;

    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let code = text.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
        for name in code.map(|word| word.trim_start_matches("./")) {
            let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
            let is_source = matches!(extension, Some("rs" | "sql")) || name.starts_with("scripts/");
            if is_source && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c)) {
                named += 1;
                let is_there = files.iter().any(|file| format!("/{file}").ends_with(&format!("/{name}")));
                assert!(is_there || name.contains("NNNN"), "{}: {name}", page.display());
            }
        }
    }
    assert!(named > 30, "{named}");
}

/// The types that the source defines.
fn defined_types() -> BTreeSet<String> {
    let mut types = BTreeSet::new();
    for file in files_below("src")
        .into_iter()
        .filter(|file| Path::new(file).extension().is_some_and(|kind| kind == "rs"))
    {
        let source = text(&file);
        let mut words =
            source.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        while let Some(word) = words.next() {
            if ["struct", "enum", "trait"].contains(&word) {
                types.extend(words.next().map(str::to_owned));
            }
        }
    }
    types
}

#[test]
fn every_type_that_the_map_names_exists() {
    // Names from actix and from another standard, and a unit.
    let foreign = ["SyncArbiter", "OpenAPI", "KiB"];
    let types = defined_types();
    let map = text("docs/ARCHITECTURE.md");
    let has_two_humps = |word: &&str| {
        word.starts_with(|c: char| c.is_uppercase())
            && word.contains(|c: char| c.is_lowercase())
            && word.chars().skip(1).any(char::is_uppercase)
            && word.chars().nth(1).is_some_and(char::is_lowercase)
    };

    let named: BTreeSet<_> = map.split(|c: char| !c.is_alphanumeric()).filter(has_two_humps).collect();

    assert!(named.len() > 30, "{named:?}");
    let unknown = named.iter().filter(|name| !types.contains(**name) && !foreign.contains(name));
    assert_eq!(unknown.collect::<Vec<_>>(), [&""; 0]);
}
