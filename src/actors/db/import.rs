//! Importing users from the database that a FastAPI and SQLModel tutorial's application made.

use std::{collections::HashSet, fmt, path::Path};

use actix::Message;
use rusqlite::{Connection, OpenFlags, OptionalExtension, types::ValueRef};

use super::{
    Access, DbError, DbMessage,
    users::{email_is_taken, username_is_taken},
};
use crate::domain::{Email, PasswordHash, Role, Timestamp, UserId, Username};

/// A user of the other database, whose hash is one that we can verify.
#[derive(Debug, Clone)]
pub struct ImportedUser {
    /// Their number there, which they keep.
    pub id: UserId,
    /// Their e-mail address, by whatever rules it was accepted there.
    pub email: Email,
    /// Their name, by whatever rules it was accepted there.
    pub username: Username,
    /// Their password's hash, which they keep.
    pub password_hash: PasswordHash,
}

/// Why a row cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The row's number, where it has one.
    pub id: Option<i64>,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(f, "user {id}: {}", self.reason),
            None => write!(f, "a user without an id: {}", self.reason),
        }
    }
}

/// Reads the table `user` of another application's database, which is opened read-only.
///
/// Rows that lack something are problems; hashes and clashes are not looked at here.
///
/// # Errors
///
/// One line when the file cannot be read or has no such table.
pub fn read_tutorial_database(path: &Path) -> Result<(Vec<ImportedUser>, Vec<Problem>), String> {
    let failed = |error: rusqlite::Error| format!("cannot read {}: {error}", path.display());
    if !path.is_file() {
        return Err(format!("cannot read {}: there is no such file", path.display()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(failed)?;
    let mut statement = db
        .prepare(r#"SELECT id, email, username, hashed_password FROM "user" ORDER BY id"#)
        .map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let (mut users, mut problems) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next().map_err(failed)? {
        let text = |index: usize| match row.get_ref(index) {
            Ok(ValueRef::Text(text)) => std::str::from_utf8(text).ok().filter(|text| !text.is_empty()),
            _ => None,
        };
        let id = row.get::<_, i64>(0).ok();
        match (id, text(1), text(2), text(3)) {
            (Some(id), Some(email), Some(username), Some(hash)) if id > 0 => users.push(ImportedUser {
                id: UserId(id),
                email: Email::from_trusted(email.to_owned()),
                username: Username::from_trusted(username.to_owned()),
                password_hash: PasswordHash::new(hash.to_owned()),
            }),
            (_, email, username, hash) => {
                let missing = [("email", email), ("username", username), ("hashed_password", hash)]
                    .into_iter()
                    .filter(|(_, value)| value.is_none())
                    .map(|(name, _)| name);
                let missing = missing.collect::<Vec<_>>().join(", ");
                let reason = if missing.is_empty() {
                    "the id is not a positive number".to_owned()
                } else {
                    format!("no text in {missing}")
                };
                problems.push(Problem { id, reason });
            }
        }
    }
    Ok((users, problems))
}

/// Imports users in one transaction: all of them, or, with `skip_invalid`, all that can be.
#[derive(Debug, Message)]
#[rtype(result = "Result<ImportReport, DbError>")]
pub struct ImportUsers {
    /// The users, the lowest number first.
    pub users: Vec<ImportedUser>,
    /// What was found wrong with other rows before.
    pub problems: Vec<Problem>,
    /// Whether to import the others when some cannot be.
    pub skip_invalid: bool,
    /// Whether to change nothing and only report.
    pub dry_run: bool,
    /// Now, which becomes their `created_at`.
    pub now: Timestamp,
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// How many users were added (or would be).
    pub imported: usize,
    /// How many were there already from an import before.
    pub present: usize,
    /// What cannot be imported.
    pub problems: Vec<Problem>,
    /// Whether the database was changed.
    pub applied: bool,
}

impl DbMessage for ImportUsers {
    type Answer = ImportReport;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<ImportReport, DbError> {
        let mut report = ImportReport { imported: 0, present: 0, problems: self.problems, applied: false };
        let (mut emails, mut usernames) = (HashSet::new(), HashSet::new());
        db.execute_batch("SAVEPOINT import")?;
        for user in self.users {
            // The first of two namesakes is the one whom the tutorial's login finds.
            let first = [
                (usernames.insert(user.username.key()), "username"),
                (emails.insert(user.email.key()), "email address"),
            ];
            let repeated = first.into_iter().find(|(is_first, _)| !is_first);
            let outcome = match repeated {
                Some((_, name)) => Err(format!("another user before has the same {name}")),
                None => import(db, &user, self.now)?,
            };
            match outcome {
                Ok(true) => report.imported += 1,
                Ok(false) => report.present += 1,
                Err(reason) => report.problems.push(Problem { id: Some(user.id.0), reason }),
            }
        }
        report.problems.sort_by_key(|problem| problem.id);
        report.applied = !self.dry_run && (report.problems.is_empty() || self.skip_invalid);
        if !report.applied {
            db.execute_batch("ROLLBACK TO import")?;
        }
        db.execute_batch("RELEASE import")?;
        Ok(report)
    }
}

/// Adds one user; `false` where an import before has added them already.
fn import(db: &Connection, user: &ImportedUser, now: Timestamp) -> Result<Result<bool, String>, DbError> {
    let ours: Option<String> = db
        .prepare_cached("SELECT username_key FROM users WHERE id = ?1")?
        .query_row([user.id], |row| row.get(0))
        .optional()?;
    match ours {
        Some(key) if key == user.username.key() => return Ok(Ok(false)),
        Some(_) => return Ok(Err("another user has this id here".to_owned())),
        None => {}
    }
    if username_is_taken(db, &user.username)? {
        return Ok(Err("the username is taken here".to_owned()));
    }
    if email_is_taken(db, &user.email, None)? {
        return Ok(Err("the email address is taken here".to_owned()));
    }
    db.prepare_cached(
        "INSERT INTO users (id, email, email_key, username, username_key, password_hash, role, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute((
        user.id,
        &user.email,
        user.email.key(),
        &user.username,
        user.username.key(),
        &user.password_hash,
        Role::User,
        now,
    ))?;
    Ok(Ok(true))
}
