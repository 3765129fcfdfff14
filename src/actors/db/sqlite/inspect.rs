//! Determining whose database a file is, before a byte of it is written.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use super::{
    StartError,
    connection::BUSY_TIMEOUT,
    schema::{APPLICATION_ID, MIGRATIONS, distrust},
};

/// Refuses a file that is not Sekisho's, without writing a byte, not even what another program has left in
/// its log. Returns the number of objects in the schema: zero for a new file.
pub(super) fn inspect(path: &Path) -> Result<i64, StartError> {
    let name = show(path);
    remove_foreign_log(path)
        .map_err(|error| StartError::Unopenable { path: name.clone(), source: error.into() })?;
    let unusable = |error| unusable(&name, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(unusable)?;
    let has_log = beside(path, "-wal").exists();
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_log).map_err(unusable)?;
    db.busy_timeout(BUSY_TIMEOUT).map_err(unusable)?;
    check_ownership(&db, &name)?;
    match db.is_readonly("main") {
        Ok(false) => schema_size(&db).map_err(unusable),
        Ok(true) => Err(StartError::ReadOnly(name)),
        Err(error) => Err(unusable(error)),
    }
}

/// Opens a database of Sekisho's in order to copy it, without writing to it.
pub(super) fn open_to_copy(path: &Path) -> Result<Connection, StartError> {
    let name = show(path);
    if !path.exists() {
        return Err(StartError::Missing(name));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(|error| unusable(&name, error))?;
    distrust(&db).map_err(|error| StartError::Unopenable { path: name.clone(), source: error.into() })?;
    check_ownership(&db, &name)?;
    match schema_size(&db) {
        Ok(0) => Err(StartError::Empty(name)),
        Ok(_) => Ok(db),
        Err(error) => Err(unusable(&name, error)),
    }
}

/// Removes the log of another database from beside a backup of Sekisho's that was put in its place. SQLite
/// would take it for the backup's own log and mix the two.
///
/// The header of a backup says that it has no log, and says otherwise before it gets one
/// (<https://www.sqlite.org/fileformat2.html>, 1.3: the versions at 18, the application id at 68).
fn remove_foreign_log(path: &Path) -> io::Result<()> {
    let log = beside(path, "-wal");
    if !log.exists() {
        return Ok(());
    }
    let mut header = Vec::with_capacity(72);
    File::open(path)?.take(72).read_to_end(&mut header)?;
    let is_ours = header.get(68..72) == Some(&APPLICATION_ID.to_be_bytes());
    if is_ours && header.get(18..20) == Some(&[1, 1]) {
        log::warn!("removing {}, the log of another database than {}", show(&log), show(path));
        std::fs::remove_file(&log)?;
        match std::fs::remove_file(beside(path, "-shm")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn check_ownership(db: &Connection, name: &str) -> Result<(), StartError> {
    let pragma = |pragma: &str| {
        db.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0)).map_err(|error| unusable(name, error))
    };
    let version = pragma("user_version")?;
    // The order matters: another process that creates the schema at this moment writes the application id
    // first.
    let is_empty = schema_size(db).map_err(|error| unusable(name, error))? == 0;
    let owner = pragma("application_id")?;
    if !is_empty && owner != APPLICATION_ID {
        return Err(StartError::Foreign(name.to_owned()));
    }
    if usize::try_from(version).is_ok_and(|version| version > MIGRATIONS.len()) {
        let path = name.to_owned();
        return Err(StartError::Newer { path, found: version, known: MIGRATIONS.len() });
    }
    Ok(())
}

fn unusable(name: &str, error: rusqlite::Error) -> StartError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StartError::NotADatabase(name.to_owned()),
        Some(ErrorCode::ReadOnly) => StartError::ReadOnly(name.to_owned()),
        // In WAL mode reading writes too, and SQLite does not say what prevented it.
        Some(ErrorCode::CannotOpen) if is_read_only(Path::new(name)) => StartError::ReadOnly(name.to_owned()),
        _ => StartError::Unopenable { path: name.to_owned(), source: error.into() },
    }
}

fn is_read_only(path: &Path) -> bool {
    OpenOptions::new().write(true).open(path).is_err_and(|error| {
        matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
    })
}

fn schema_size(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
}

/// A path as error messages show it.
pub(super) fn show(path: &Path) -> String {
    path.display().to_string()
}

/// The path of a file that SQLite keeps with a database: `-wal`, its log, or `-shm`, the log's index. It is
/// beside the file itself, whatever links lead to it.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut name = path.into_os_string();
    name.push(suffix);
    PathBuf::from(name)
}
