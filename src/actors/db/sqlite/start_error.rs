//! Why a database cannot be used.

/// Why a database cannot be used. Each error is one line for the person who started the program, and leaves
/// the file as it was.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The directory does not exist.
    #[error("cannot open database {path}: the directory {directory} does not exist")]
    NoDirectory {
        /// The requested path.
        path: String,
        /// The directory of that path.
        directory: String,
    },
    /// The file does not exist, and this command does not create one.
    #[error("cannot open database {0}: there is no such file")]
    Missing(String),
    /// The file cannot be opened.
    #[error("cannot open database {path}: {source}")]
    Unopenable {
        /// The path of the file.
        path: String,
        /// The error of the system or of SQLite.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Other users can read the file, and it belongs to a user whose files we may not change.
    #[error(
        "cannot open database {path}: {file} can be read by other users (mode {mode:04o}): chmod 600 {file}"
    )]
    Exposed {
        /// The path of the database.
        path: String,
        /// The path of the file, which is the database or one that SQLite keeps beside it.
        file: String,
        /// The permissions of the file.
        mode: u32,
    },
    /// The file cannot be written.
    #[error("cannot open database {0}: it cannot be written")]
    ReadOnly(String),
    /// The file is not an SQLite database.
    #[error("cannot open database {0}: it is not an SQLite database")]
    NotADatabase(String),
    /// The database is empty.
    #[error("cannot open database {0}: it is empty")]
    Empty(String),
    /// The database belongs to another program.
    #[error(
        "cannot open database {0}: it belongs to another program (to take over a tutorial's users: sekisho import {0})"
    )]
    Foreign(String),
    /// A later version of Sekisho has migrated the database.
    #[error(
        "cannot open database {path}: it is from a newer Sekisho (schema {found}, this version knows {known})"
    )]
    Newer {
        /// The path of the file.
        path: String,
        /// The schema version of the file.
        found: i32,
        /// The latest schema version that this program knows.
        known: usize,
    },
}
