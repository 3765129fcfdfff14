//! Importing users who had accounts elsewhere.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use actix::Message;
use rusqlite::{Connection, OptionalExtension};

use super::{
    Access, DbError, DbMessage, Flaw, ImportedUser,
    users::{email_is_taken, username_is_taken},
};
use crate::domain::{Email, Role, Timestamp, UserId, Username};

/// A user who cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Their number, where it makes sense.
    pub id: Option<UserId>,
    /// Their name, where it makes sense.
    pub username: Option<Username>,
    /// Everything that is wrong with them.
    pub flaws: Vec<Flaw>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(f, "user {id}")?,
            None => f.write_str("a user without an id")?,
        }
        if let Some(username) = &self.username {
            write!(f, " ({})", username.as_str())?;
        }
        for (index, flaw) in self.flaws.iter().enumerate() {
            write!(f, "{}{flaw}", if index == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

/// Imports users in one transaction: all of them, or, with `skip_invalid`, all that can be.
#[derive(Debug, Message)]
#[rtype(result = "Result<ImportReport, DbError>")]
pub struct ImportUsers {
    /// The users, by rising number.
    pub users: Vec<ImportedUser>,
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
    /// Who cannot be imported, in the order in which they came.
    pub problems: Vec<Problem>,
    /// Whether the database was changed.
    pub applied: bool,
}

impl DbMessage for ImportUsers {
    type Answer = ImportReport;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<ImportReport, DbError> {
        let mut report = ImportReport { imported: 0, present: 0, problems: Vec::new(), applied: false };
        let (mut seen, given) = (Seen::default(), given(db)?);
        let mut accepted = Vec::new();
        // All are judged by what was here before any of them came.
        for user in self.users {
            let repeated = seen.note(&user);
            if is_present(db, &user)? {
                report.present += 1;
                continue;
            }
            let flaws = [user.flaws.clone(), repeated, clashes(db, &user, given)?].concat();
            if flaws.is_empty() {
                accepted.push(user);
            } else {
                report.problems.push(Problem { id: user.id, username: user.username, flaws });
            }
        }
        report.imported = accepted.len();
        report.applied = !self.dry_run && (report.problems.is_empty() || self.skip_invalid);
        if report.applied {
            for user in accepted {
                insert(db, &user, self.now)?;
            }
        }
        Ok(report)
    }
}

/// What the users before are called.
#[derive(Default)]
struct Seen {
    ids: HashSet<UserId>,
    /// Their names, each with what it is.
    names: HashMap<String, &'static str>,
}

impl Seen {
    const USERNAME: &str = "username";
    const EMAIL: &str = "email address";

    /// Takes note of a user, and tells what a user before has as well. The first of two namesakes is the one
    /// whom the tutorial's login finds.
    fn note(&mut self, user: &ImportedUser) -> Vec<Flaw> {
        let username = user.username.as_ref().map(|username| (username.key(), Self::USERNAME));
        let email = user.email.as_ref().map(|email| (email.key(), Self::EMAIL));
        // Their own username may be their e-mail address.
        let namesakes = [&username, &email].into_iter().flatten().filter_map(|(key, kind)| {
            let before = self.names.get(key)?;
            Some(if before == kind { Flaw::Repeated(kind) } else { Flaw::Shadowed(kind) })
        });
        let mut flaws: Vec<_> = namesakes.collect();
        if user.id.is_some_and(|id| !self.ids.insert(id)) {
            flaws.push(Flaw::Repeated("id"));
        }
        for (key, kind) in [username, email].into_iter().flatten() {
            self.names.entry(key).or_insert(kind);
        }
        flaws
    }
}

/// The greatest number that was ever given, where its owner and those before may have been deleted. Where
/// nobody ever was, a number that nobody has was nobody's.
fn given(db: &Connection) -> Result<UserId, DbError> {
    let somebody_was_deleted =
        db.prepare_cached("SELECT 1 FROM retired_usernames WHERE username_key >= '' LIMIT 1")?.exists([])?;
    if !somebody_was_deleted {
        return Ok(UserId(0));
    }
    let last: Option<UserId> = db
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'users'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(last.unwrap_or(UserId(0)))
}

/// Whether an import before has added them already.
fn is_present(db: &Connection, user: &ImportedUser) -> Result<bool, DbError> {
    let (Some(id), Some(username)) = (user.id, &user.username) else { return Ok(false) };
    Ok(db
        .prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND username_key = ?2")?
        .exists((id, username.key()))?)
}

/// What of a user somebody here has already.
fn clashes(db: &Connection, user: &ImportedUser, given: UserId) -> Result<Vec<Flaw>, DbError> {
    let mut flaws = Vec::new();
    if let Some(id) = user.id {
        if db.prepare_cached("SELECT 1 FROM users WHERE id = ?1")?.exists([id])? {
            flaws.push(Flaw::IdTaken);
        } else if (UserId(1)..=given).contains(&id) {
            flaws.push(Flaw::IdGiven);
        }
    }
    if let Some(username) = &user.username
        && username_is_taken(db, username)?
    {
        flaws.push(Flaw::UsernameTaken);
    }
    if let Some(email) = &user.email
        && email_is_taken(db, email, None)?
    {
        flaws.push(Flaw::EmailTaken);
    }
    Ok(flaws)
}

fn insert(db: &Connection, user: &ImportedUser, now: Timestamp) -> Result<(), DbError> {
    db.prepare_cached(
        "INSERT INTO users (id, email, email_key, username, username_key, password_hash, role, disabled, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute((
        user.id,
        &user.email,
        user.email.as_ref().map(Email::key),
        &user.username,
        user.username.as_ref().map(Username::key),
        &user.password_hash,
        Role::User,
        user.disabled,
        now,
    ))?;
    Ok(())
}
