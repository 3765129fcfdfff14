//! Why a database cannot be used.

/// Why a database cannot be used. Each is one line for the person who started the program, and
/// the file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The directory is not there.
    #[error("cannot open database {path}: the directory {directory} does not exist")]
    NoDirectory {
        /// The file that was asked for.
        path: String,
        /// The directory it would be in.
        directory: String,
    },
    /// The file is not there, and this command does not create one.
    #[error("cannot open database {0}: there is no such file")]
    Missing(String),
    /// The file cannot be opened.
    #[error("cannot open database {path}: {source}")]
    Unopenable {
        /// The file.
        path: String,
        /// What the system or SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Others can read it, and it is not ours to change that.
    #[error(
        "cannot open database {path}: {file} can be read by other users (mode {mode:04o}): chmod 600 {file}"
    )]
    Exposed {
        /// The database.
        path: String,
        /// The file, which is the database or one that SQLite keeps beside it.
        file: String,
        /// Its permissions.
        mode: u32,
    },
    /// The file can only be read.
    #[error("cannot open database {0}: it cannot be written")]
    ReadOnly(String),
    /// The file is something else.
    #[error("cannot open database {0}: it is not an SQLite database")]
    NotADatabase(String),
    /// There is nothing in it.
    #[error("cannot open database {0}: it is empty")]
    Empty(String),
    /// Another program's database.
    #[error(
        "cannot open database {0}: it belongs to another program (to take over a tutorial's users: sekisho import {0})"
    )]
    Foreign(String),
    /// A later version of this program has migrated it.
    #[error(
        "cannot open database {path}: it is from a newer Sekisho (schema {found}, this version knows {known})"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its schema version.
        found: i32,
        /// The last schema version of this program.
        known: usize,
    },
}
