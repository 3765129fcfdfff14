//! The SQL of importing users.

use rusqlite::{Connection, OptionalExtension};

use super::{
    Access, Run, Tx,
    users::{email_is_taken, username_is_taken},
};
use crate::{
    actors::db::{DbError, ImportReport, ImportUsers},
    domain::{Email, ImportProblem, ImportedBefore, ImportedUser, Role, Taken, Timestamp, UserId, Username},
};

impl Run for ImportUsers {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<ImportReport, DbError> {
        let mut report = ImportReport { imported: 0, present: 0, problems: Vec::new(), applied: false };
        let (mut seen, given) = (ImportedBefore::default(), given(tx)?);
        let mut accepted = Vec::new();
        // Every user is compared only with the users from before the import.
        for user in self.users {
            let repeated = seen.note(&user);
            if is_present(tx, &user)? {
                report.present += 1;
                continue;
            }
            let flaws = [user.flaws.clone(), repeated, user.clashes(taken(tx, &user)?, given)].concat();
            if flaws.is_empty() {
                accepted.push(user);
            } else {
                report.problems.push(ImportProblem { id: user.id, username: user.username, flaws });
            }
        }
        report.imported = accepted.len();
        report.applied = !self.dry_run && (report.problems.is_empty() || self.skip_invalid);
        if report.applied {
            for user in accepted {
                insert(tx, &user, tx.now())?;
            }
        }
        Ok(report)
    }
}

/// The highest number that a deleted user may have had: the highest that was ever given out, or 0 if no user
/// was ever deleted.
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

/// Whether an earlier import has already added this user.
fn is_present(db: &Connection, user: &ImportedUser) -> Result<bool, DbError> {
    let (Some(id), Some(username)) = (user.id, &user.username) else { return Ok(false) };
    Ok(db
        .prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND username_key = ?2")?
        .exists((id, username.key()))?)
}

/// Which of a user's properties another user here already has.
fn taken(db: &Connection, user: &ImportedUser) -> Result<Taken, DbError> {
    let id_is_taken = |id: UserId| {
        db.prepare_cached("SELECT 1 FROM users WHERE id = ?1")?.exists([id]).map_err(DbError::from)
    };
    Ok(Taken {
        id: user.id.map_or(Ok(false), id_is_taken)?,
        username: user.username.as_ref().map_or(Ok(false), |username| username_is_taken(db, username))?,
        email: user.email.as_ref().map_or(Ok(false), |email| email_is_taken(db, email, None))?,
    })
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
