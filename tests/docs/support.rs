//! The repository's texts, and the command in a separate directory.

use std::{
    fs,
    path::{Path, PathBuf},
};

use test_server::{Home, command, finish};

/// A path in the repository.
pub fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// A text of the repository.
pub fn text(relative: &str) -> String {
    fs::read_to_string(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// The first fenced block of a language after a heading.
pub fn block<'a>(text: &'a str, heading: &str, language: &str) -> &'a str {
    let section = text.split_once(heading).unwrap_or_else(|| panic!("no {heading}")).1;
    let (_, rest) = section.split_once(&format!("\n```{language}\n")).unwrap();
    rest.split_once("\n```").unwrap().0
}

/// A separate directory to run Sekisho in.
pub fn home() -> Home {
    Home::new(env!("CARGO_BIN_EXE_sekisho"))
}

/// The output of bash when a script is pasted into it.
pub fn paste(script: &str, directory: &Path) -> String {
    let outcome = finish(command("bash", directory).arg("-s"), script);
    assert_eq!(outcome.stderr, "", "bash complained");
    outcome.stdout
}
