//! The meaning of SQLite's errors.

use rusqlite::ErrorCode;

use crate::actors::db::DbError;

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        let Some(code) = error.sqlite_error_code() else {
            return Self::Other(error.to_string());
        };
        match code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Locked,
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::ReadOnly => Self::ReadOnly,
            ErrorCode::CannotOpen => Self::Unopenable(error.to_string()),
            ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed => Self::Io(error.to_string()),
            _ => Self::Other(error.to_string()),
        }
    }
}
