//! The database file: opening, checking and migrating it, before any actor runs.
//!
//! A sync arbiter's factory cannot fail. So every problem with a path is found here, on the caller's thread,
//! and reported in one line.

use std::{
    fs::{OpenOptions, Permissions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode};
use rusqlite_migration::Migrations;

use super::{
    StartError,
    connection::{BUSY_TIMEOUT, connect, connect_at_start},
    inspect::{beside, inspect, show},
    schema::{APPLICATION_ID, MIGRATIONS},
};
use crate::{actors::db::DbError, config::Database};

/// A database that was opened, checked and migrated.
#[derive(Debug)]
pub struct DbFile {
    storage: Storage,
    busy_timeout: Duration,
}

#[derive(Debug)]
enum Storage {
    File {
        path: PathBuf,
        identity: Mutex<Identity>,
    },
    /// The name of a shared in-memory database, and the connection that keeps it alive.
    Memory {
        uri: String,
        _anchor: Mutex<Connection>,
    },
}

/// The device and inode of a file, which identify it whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self(metadata.dev(), metadata.ino()))
    }
}

impl DbFile {
    /// Opens the database and migrates it. A file that does not exist is created (mode 0600).
    ///
    /// # Errors
    ///
    /// If it cannot be used; see [`StartError`].
    pub fn open(database: &Database) -> Result<Self, StartError> {
        match database {
            Database::Memory => Self::in_memory(),
            Database::File(path) => {
                create_if_missing(path)?;
                Self::in_file(path)
            }
        }
    }

    /// Opens an existing database, and migrates it.
    ///
    /// # Errors
    ///
    /// If it cannot be used; see [`StartError`].
    pub fn open_existing(database: &Database) -> Result<Self, StartError> {
        match database {
            Database::File(path) if path.exists() => Self::in_file(path),
            Database::File(path) => Err(StartError::Missing(show(path))),
            Database::Memory => Err(StartError::Missing(":memory:".to_owned())),
        }
    }

    /// How long a write waits for another process.
    #[must_use]
    pub const fn busy_timeout(&self) -> Duration {
        self.busy_timeout
    }

    /// Sets how long a write waits for another process. For tests.
    #[must_use]
    pub fn with_busy_timeout(mut self, busy_timeout: Duration) -> Self {
        self.busy_timeout = busy_timeout;
        self
    }

    fn in_memory() -> Result<Self, StartError> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let uri = format!("file:sekisho-{number}?mode=memory&cache=shared");
        let unopenable =
            |source: DbError| StartError::Unopenable { path: ":memory:".to_owned(), source: source.into() };
        let mut anchor = connect(&uri, BUSY_TIMEOUT).map_err(unopenable)?;
        migrate(&mut anchor, ":memory:")?;
        let storage = Storage::Memory { uri, _anchor: Mutex::new(anchor) };
        Ok(Self { storage, busy_timeout: BUSY_TIMEOUT })
    }

    fn in_file(path: &Path) -> Result<Self, StartError> {
        let name = show(path);
        inspect(path)?;
        make_private(path)?;
        let unopenable =
            |source: DbError| StartError::Unopenable { path: name.clone(), source: source.into() };
        let mut db =
            connect_at_start(&path.to_string_lossy(), BUSY_TIMEOUT).map_err(|error| match error {
                DbError::ReadOnly => StartError::ReadOnly(name.clone()),
                other => unopenable(other),
            })?;
        migrate(&mut db, &name)?;
        let identity = Identity::of(path).map_err(|error| unopenable(DbError::Io(error.to_string())))?;
        let storage = Storage::File { path: path.to_owned(), identity: Mutex::new(identity) };
        Ok(Self { storage, busy_timeout: BUSY_TIMEOUT })
    }

    /// Opens a connection to the database with all required settings.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened now.
    pub fn connect(&self) -> Result<Connection, DbError> {
        match &self.storage {
            Storage::Memory { uri, .. } => connect(uri, self.busy_timeout),
            Storage::File { path, .. } if !path.exists() => Err(DbError::Gone),
            Storage::File { path, .. } => connect(&path.to_string_lossy(), self.busy_timeout),
        }
    }

    /// Whether the path still leads to the file that was opened. SQLite goes on writing to a deleted file,
    /// and everything acknowledged from then on would be lost.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        match &self.storage {
            Storage::Memory { .. } => true,
            Storage::File { path, identity } => {
                let known = identity.lock().map_or_else(|poisoned| *poisoned.into_inner(), |known| *known);
                Identity::of(path).is_ok_and(|found| found == known)
            }
        }
    }

    /// Connects to the file at the path now: the opened file that has come back, or a backup that was
    /// restored in its place.
    ///
    /// # Errors
    ///
    /// [`DbError::Gone`] if there is no database of Sekisho's at the path.
    pub(super) fn reconnect(&self) -> Result<Connection, DbError> {
        let Storage::File { path, identity } = &self.storage else {
            return self.connect();
        };
        let found = Identity::of(path).map_err(|_| DbError::Gone)?;
        let name = show(path);
        if !inspect(path).is_ok_and(|tables| tables > 0) {
            return Err(DbError::Gone);
        }
        let mut db = self.connect()?;
        migrate(&mut db, &name).map_err(|_| DbError::Gone)?;
        let mut known = identity.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *known != found {
            log::warn!("another database file stands at {name} now; going on with it");
            *known = found;
        }
        Ok(db)
    }

    /// The size of the write-ahead log in bytes; zero if the log does not exist.
    #[must_use]
    pub fn wal_bytes(&self) -> u64 {
        let Some(path) = self.path() else { return 0 };
        std::fs::metadata(beside(path, "-wal")).map_or(0, |metadata| metadata.len())
    }

    /// The path; `None` for a database in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.storage {
            Storage::File { path, .. } => Some(path),
            Storage::Memory { .. } => None,
        }
    }
}

fn create_if_missing(path: &Path) -> Result<(), StartError> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !directory.is_dir() {
        return Err(StartError::NoDirectory { path: show(path), directory: show(directory) });
    }
    // The mode is set at creation, not after: the file will hold private keys.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StartError::Unopenable { path: show(path), source: error.into() }),
    }
}

/// Removes all permissions except the owner's: a reader of the database has the hashes, and may have the
/// keys.
fn make_private(path: &Path) -> Result<(), StartError> {
    for suffix in ["", "-wal", "-shm"] {
        let file = beside(path, suffix);
        // Not opened: SQLite's locks end when any part of the process closes the file.
        let Ok(metadata) = std::fs::metadata(&file) else { continue };
        let mode = metadata.mode() & 0o7777;
        // A device is not changed here; it is refused later.
        if !metadata.is_file() || mode & 0o777 & !0o700 == 0 {
            continue;
        }
        let file_name = show(&file);
        if std::fs::set_permissions(&file, Permissions::from_mode(0o600)).is_err() {
            return Err(StartError::Exposed { path: show(path), file: file_name, mode });
        }
        log::warn!("{file_name} could be read by other users (mode {mode:04o}); it is its owner's alone now");
    }
    Ok(())
}

pub(super) fn migrate(db: &mut Connection, name: &str) -> Result<(), StartError> {
    let unopenable = |source: Box<dyn std::error::Error + Send + Sync>| StartError::Unopenable {
        path: name.to_owned(),
        source,
    };
    // The mark is written first. If the process were killed after creating the tables and before the mark,
    // Sekisho would take its own file for another program's from then on.
    let owner: i32 = db
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|error| unopenable(error.into()))?;
    if owner != APPLICATION_ID {
        db.pragma_update(None, "application_id", APPLICATION_ID).map_err(|error| unopenable(error.into()))?;
    }
    let migrations = Migrations::new(MIGRATIONS.to_vec());
    let started = Instant::now();
    while let Err(error) = migrations.to_latest(db) {
        // Two processes may start on a new file at once. The second finds the work done or, if the first has
        // only just marked the file, has to start again with the file's new state.
        let is_busy = matches!(
            &error,
            rusqlite_migration::Error::RusqliteError { err, .. }
                if err.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
        );
        match migrations.pending_migrations(db) {
            Ok(0) => break,
            Ok(_) if is_busy && started.elapsed() < BUSY_TIMEOUT => {}
            _ => return Err(unopenable(error.into())),
        }
    }
    Ok(())
}
