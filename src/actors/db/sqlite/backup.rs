//! Copies of a whole database: backups of a database in use, and their restoration.

use std::{io, path::Path};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};

use super::{
    DbFile, StartError,
    file::migrate,
    inspect::{open_to_copy, show},
    key_set::find_keys,
    schema::{distrust, find_foreign},
    unpublished_file::UnpublishedFile,
};
use crate::{actors::db::DbError, domain::KeySet};

/// The contents of a copy, counted in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyReport {
    /// The number of users.
    pub users: i64,
    /// The number of sessions, including ended ones.
    pub sessions: i64,
    /// The number of signing keys.
    pub keys: i64,
    /// The size of the copy, in bytes.
    pub bytes: u64,
}

/// Why no copy was made. The target path is unchanged then.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The target exists already.
    #[error("{0} exists already")]
    Exists(String),
    /// The copy cannot be written.
    #[error("cannot write {path}: {source}")]
    Unwritable {
        /// The path of the file.
        path: String,
        /// The system's error.
        source: io::Error,
    },
    /// Reading or writing failed.
    #[error("copying failed: {0}")]
    Failed(#[from] DbError),
    /// The copy is damaged or has a foreign schema.
    #[error("the copy is damaged: {0}")]
    Damaged(String),
    /// The keys in the copy do not sign, or cannot be read.
    #[error("the keys in the copy cannot be used: {0}")]
    UnusableKeys(String),
}

impl From<rusqlite::Error> for CopyError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Copies the database to `target` (mode 0600), checks the copy and counts its contents.
///
/// The copy is made under another name and renamed when it is complete and durable, so that `target` is never
/// half a file. `check_keys` reports what is wrong with the keys in the copy.
///
/// # Errors
///
/// See [`CopyError`].
pub fn back_up(
    source: &DbFile,
    target: &Path,
    check_keys: impl FnOnce(&KeySet) -> Result<(), String>,
) -> Result<CopyReport, CopyError> {
    publish(target, |partial| {
        let to = copy(&source.connect()?, partial)?;
        forget_replaced_secrets(&to)?;
        leave_behind_what_was_deleted(&to)?;
        conclude(to, check_keys)
    })
}

/// Removes the recently replaced refresh secrets from a copy.
///
/// They serve retries within the grace period, and no copy is restored that soon. From a copy that had them,
/// and the token that was replaced last, a thief could derive the current one.
fn forget_replaced_secrets(copy: &Connection) -> Result<(), CopyError> {
    copy.execute_batch(
        "UPDATE sessions SET spent = x'', replaced = x'' WHERE replaced <> x'' OR spent <> x''",
    )?;
    Ok(())
}

/// Whether tokens that were issued before a backup was restored stay valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldTokens {
    /// Refused: the copy leaves out sessions, signing keys and the secret of refresh tokens.
    Invalidate,
    /// As valid as they were at the time of the backup.
    Keep,
}

/// Copies a backup to `target` (mode 0600), which must not exist, and checks it as a new backup is checked.
/// The backup is not changed.
///
/// # Errors
///
/// If it is not a backup of Sekisho's, or cannot be copied.
pub fn restore(
    backup: &Path,
    target: &Path,
    old_tokens: OldTokens,
    check_keys: impl FnOnce(&KeySet) -> Result<(), String>,
) -> Result<CopyReport, RestoreError> {
    let from = open_to_copy(backup)?;
    let report = publish(target, |partial| {
        let mut to = copy(&from, partial)?;
        migrate(&mut to, &show(backup)).map_err(|error| DbError::Other(error.to_string()))?;
        if old_tokens == OldTokens::Invalidate {
            leave_behind_what_was_issued(&to)?;
        }
        leave_behind_what_was_deleted(&to)?;
        conclude(to, check_keys)
    })?;
    Ok(report)
}

/// Removes sessions, keys and secrets from a copy, because they may have been stolen.
///
/// Session numbers must not be reused: a token that was signed with a key that is not in the backup, and so
/// was not removed, must not find the session of another user. Fewer than 2³² sessions were opened since the
/// backup.
fn leave_behind_what_was_issued(copy: &Connection) -> Result<(), CopyError> {
    copy.execute_batch(
        "DELETE FROM sessions;
         DELETE FROM signing_keys;
         DELETE FROM secrets;
         INSERT INTO sqlite_sequence (name, seq)
         SELECT 'sessions', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'sessions');
         UPDATE sqlite_sequence SET seq = seq + 4294967296 WHERE name = 'sessions';",
    )?;
    Ok(())
}

/// Rewrites a copy without its free pages, which hold deleted data.
fn leave_behind_what_was_deleted(copy: &Connection) -> Result<(), CopyError> {
    copy.execute_batch("VACUUM")?;
    Ok(())
}

/// Why nothing was restored. The target path is unchanged then.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup cannot be used.
    #[error(transparent)]
    Backup(#[from] StartError),
    /// It cannot be copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
}

/// Makes a file under another name, and renames it when it is complete and durable.
fn publish(
    target: &Path,
    make: impl FnOnce(&Path) -> Result<CopyReport, CopyError>,
) -> Result<CopyReport, CopyError> {
    let unwritable = |source: io::Error| CopyError::Unwritable { path: target.display().to_string(), source };
    if target.exists() {
        return Err(CopyError::Exists(target.display().to_string()));
    }
    let unpublished = UnpublishedFile::beside(target).map_err(unwritable)?;
    let report = make(&unpublished.path())?;
    unpublished.publish(target).map_err(unwritable)?;
    Ok(report)
}

/// Copies all pages, and refuses a copy that is damaged or whose schema is not Sekisho's.
fn copy(from: &Connection, partial: &Path) -> Result<Connection, CopyError> {
    let mut to = Connection::open_with_flags(partial, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    distrust(&to)?;
    {
        // All pages in one step: in WAL mode a read transaction blocks no writer, whereas several steps would
        // start again after each write of another process.
        let backup = Backup::new(from, &mut to)?;
        if backup.step(-1)? != StepResult::Done {
            return Err(DbError::Locked.into());
        }
    }
    // The copy is marked as being in WAL mode. A file that is carried away should be a single file.
    to.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    // Checked before anything is changed: a change could fire a trigger, and a rebuilt index could hide
    // damage.
    if let Some(foreign) = find_foreign(&to)? {
        return Err(CopyError::Damaged(foreign));
    }
    let verdict: String = to.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(CopyError::Damaged(verdict));
    }
    Ok(to)
}

/// Tries the keys in a copy, counts its contents, and closes it.
fn conclude(
    to: Connection,
    check_keys: impl FnOnce(&KeySet) -> Result<(), String>,
) -> Result<CopyReport, CopyError> {
    check_keys(&find_keys(&to)?).map_err(CopyError::UnusableKeys)?;
    let count = |sql: &str| to.query_row(sql, [], |row| row.get::<_, i64>(0));
    let report = CopyReport {
        users: count("SELECT count(*) FROM users")?,
        sessions: count("SELECT count(*) FROM sessions")?,
        keys: count("SELECT count(*) FROM signing_keys")?,
        bytes: u64::try_from(count(
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
        )?)
        .unwrap_or(0),
    };
    to.close().map_err(|(_, error)| error)?;
    Ok(report)
}
