//! The location of the database.

use std::{path::PathBuf, str::FromStr};

use clap::Args;

/// The database's flag, which every command has.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// The database: a path, sqlite://PATH, SQLAlchemy's sqlite:///PATH, or :memory:
    #[arg(long = "database", env = "DATABASE_URL", default_value = "sekisho.db", value_name = "PATH")]
    pub location: Database,
}

/// The location of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A file.
    File(PathBuf),
    /// In memory, lost when the process ends.
    Memory,
}

/// A text that names no usable database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a path, sqlite://PATH, sqlite:///PATH or :memory:")]
pub struct UnknownDatabase;

impl FromStr for Database {
    type Err = UnknownDatabase;

    /// Parses a path or a URL. `sqlite:///PATH` is SQLAlchemy's form, where a relative path has
    /// three slashes and an absolute one four.
    fn from_str(text: &str) -> Result<Self, UnknownDatabase> {
        let path = match text.split_once("://") {
            Some(("sqlite", rest)) => rest.strip_prefix('/').unwrap_or(rest),
            Some(_) => return Err(UnknownDatabase),
            None => text,
        };
        match path {
            "" if text.is_empty() => Err(UnknownDatabase),
            // SQLAlchemy's `sqlite://`, with nothing after it, is an in-memory database too.
            ":memory:" | "" => Ok(Self::Memory),
            // SQLite's own URLs have options, some of which lose data.
            _ if path.starts_with("file:") => Err(UnknownDatabase),
            _ => Ok(Self::File(PathBuf::from(path))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_by_path_or_url() {
        let file = |path: &str| Ok(Database::File(PathBuf::from(path)));
        for (text, expected) in [
            ("sekisho.db", file("sekisho.db")),
            ("/var/lib/sekisho.db", file("/var/lib/sekisho.db")),
            ("sqlite://data/a.db", file("data/a.db")),
            ("sqlite:///data/a.db", file("data/a.db")),
            ("sqlite:////data/a.db", file("/data/a.db")),
            (":memory:", Ok(Database::Memory)),
            ("sqlite://", Ok(Database::Memory)),
            ("sqlite:///:memory:", Ok(Database::Memory)),
            ("postgres://localhost/x", Err(UnknownDatabase)),
            ("file:sekisho.db?nolock=1", Err(UnknownDatabase)),
            ("", Err(UnknownDatabase)),
        ] {
            assert_eq!(text.parse::<Database>(), expected, "{text}");
        }
    }
}
