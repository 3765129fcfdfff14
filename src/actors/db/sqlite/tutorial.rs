//! Reading the users of a FastAPI and SQLModel tutorial's application from its database.
//!
//! The file is not trusted. It is opened read-only. Nothing in its schema is run, and only an ordinary table
//! is read, so that no view or virtual table can compute without end. No value is taken that could not be a
//! name or hash of Sekisho's. Problems with a row are noted with it.

use std::path::Path;

use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Row, config::DbConfig, limits::Limit, types::ValueRef,
};

use crate::domain::{Email, ImportFlaw, ImportedUser, LoginName, PasswordHash, UserId, Username};

/// A longer value is not read at all. The longest value that is accepted is a name.
const MAX_VALUE_BYTES: usize = 1024;

/// SQLite reports an error for a longer text, for instance in the schema.
const MAX_TEXT_BYTES: i32 = 1 << 20;

/// Reads the table `user` of another application's database, read-only, in ascending order of number.
///
/// It checks neither hashes nor clashes between names.
///
/// # Errors
///
/// One line if the file cannot be read or has no such table.
pub fn read_tutorial_database(path: &Path) -> Result<Vec<ImportedUser>, String> {
    let failed = |reason: String| format!("cannot read {}: {reason}", path.display());
    if !path.is_file() {
        return Err(failed("there is no such file".to_owned()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(|error| failed(error.to_string()))?;
    read(&db).map_err(failed)
}

fn read(db: &Connection) -> Result<Vec<ImportedUser>, String> {
    let failed = |error: rusqlite::Error| error.to_string();
    distrust(db).map_err(failed)?;
    let columns = columns(db)?;
    let text = |name: &str| {
        format!("iif(octet_length({name}) <= {MAX_VALUE_BYTES}, {name}, NULL), octet_length({name})")
    };
    let truth = |name: &str, otherwise: &str| {
        if columns.iter().any(|column| column == name) { name.to_owned() } else { otherwise.to_owned() }
    };
    let sql = format!(
        r#"SELECT id, {}, {}, {}, {}, {} FROM main."user" ORDER BY id"#,
        text("username"),
        text("email"),
        text("hashed_password"),
        truth("disabled", "0"),
        truth("is_active", "1"),
    );
    let mut statement = db.prepare(&sql).map_err(failed)?;
    let users = statement.query_map([], |row| Ok(user(row))).map_err(failed)?;
    users.collect::<Result<_, _>>().map_err(failed)
}

/// Disables everything that the file could make the connection do.
fn distrust(db: &Connection) -> rusqlite::Result<()> {
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        db.set_db_config(setting, on)?;
    }
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_TEXT_BYTES)?;
    db.pragma_update(None, "cell_size_check", true)
}

/// The columns of `user`, which must be a table and have the columns that every user needs.
fn columns(db: &Connection) -> Result<Vec<String>, String> {
    let failed = |error: rusqlite::Error| error.to_string();
    let kind: Option<String> = db
        .query_row("SELECT type FROM pragma_table_list('user') WHERE schema = 'main'", [], |row| row.get(0))
        .optional()
        .map_err(failed)?;
    match kind.as_deref() {
        Some("table") => {}
        Some(other) => return Err(format!("user is not an ordinary table; its type is {other}")),
        None => return Err("no such table: user".to_owned()),
    }
    let columns: Vec<String> = db
        .prepare("SELECT lower(name) FROM pragma_table_xinfo('user', 'main')")
        .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect())
        .map_err(failed)?;
    let needed = ["id", "username", "email", "hashed_password"];
    match needed.into_iter().find(|name| !columns.iter().any(|column| column == name)) {
        Some(missing) => Err(format!("no such column: {missing}")),
        None => Ok(columns),
    }
}

/// Reads one row. Values that cannot be accepted are among its flaws.
fn user(row: &Row<'_>) -> ImportedUser {
    let mut flaws = Vec::new();
    let mut noted = |flaw| flaws.push(flaw);
    let id: Option<i64> = row.get(0).ok();
    if !id.is_some_and(|id| (1..=ImportedUser::MAX_ID).contains(&id)) {
        noted(ImportFlaw::Id);
    }
    let username = name(row, 1, "username").map_err(&mut noted).ok();
    let email = name(row, 3, "email").map_err(&mut noted).ok();
    let hash = text(row, 5, "hashed_password", MAX_VALUE_BYTES).map_err(&mut noted).ok();
    // In either column, the tutorial reads NULL as false.
    let disabled = truth(row, 7, "disabled").map_err(&mut noted).ok();
    let is_active = truth(row, 8, "is_active").map_err(&mut noted).ok();
    ImportedUser {
        id: id.map(UserId),
        username: username.map(Username::from_trusted),
        email: email.map(Email::from_trusted),
        password_hash: hash.map(PasswordHash::new),
        disabled: disabled == Some(true) || is_active == Some(false),
        flaws,
    }
}

/// A text with which a user can log in.
fn name(row: &Row<'_>, index: usize, column: &'static str) -> Result<String, ImportFlaw> {
    let text = text(row, index, column, LoginName::MAX_BYTES)?;
    match LoginName::parse(&text) {
        Ok(_) => Ok(text),
        Err(_) if text.chars().any(char::is_control) => Err(ImportFlaw::ControlCharacter(column)),
        Err(_) => Err(ImportFlaw::TooLong { column, most: LoginName::MAX_BYTES }),
    }
}

/// A text; the column after it holds its length.
fn text(row: &Row<'_>, index: usize, column: &'static str, most: usize) -> Result<String, ImportFlaw> {
    let length = row.get(index + 1).ok().and_then(|length: i64| usize::try_from(length).ok());
    let is_too_long = length.is_some_and(|length| length > MAX_VALUE_BYTES);
    match row.get_ref(index) {
        Ok(ValueRef::Text(text)) if !text.is_empty() => {
            String::from_utf8(text.to_vec()).map_err(|_| ImportFlaw::NoText(column))
        }
        _ if is_too_long => Err(ImportFlaw::TooLong { column, most }),
        _ => Err(ImportFlaw::NoText(column)),
    }
}

fn truth(row: &Row<'_>, index: usize, column: &'static str) -> Result<bool, ImportFlaw> {
    match row.get_ref(index) {
        Ok(ValueRef::Null | ValueRef::Integer(0)) => Ok(false),
        Ok(ValueRef::Integer(1)) => Ok(true),
        _ => Err(ImportFlaw::NoTruth(column)),
    }
}
