//! Importing users who had accounts elsewhere.

use rusqlite::{Connection, OptionalExtension};

use super::{
    Access, Run,
    users::{email_is_taken, username_is_taken},
};
use crate::{
    actors::db::{DbError, Flaw, ImportReport, ImportUsers, ImportedUser, Problem, import::Seen},
    domain::{Email, Role, Timestamp, UserId, Username},
};

impl Run for ImportUsers {
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
