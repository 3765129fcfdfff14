//! What users log in with: their names, their passwords' hashes, and what those cost to compare.

use actix::Message;
use rusqlite::{Connection, OptionalExtension};

use super::{
    Access, DbError, DbMessage,
    columns::{user, user_columns},
    sessions::{OpenSession, end_sessions_of},
};
use crate::domain::{EndReason, PasswordHash, PasswordVersion, SessionId, Timestamp, User, UserId};

/// What identifies the account that a password is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginIdentifier {
    /// A username or an e-mail address, as it was typed, in upper or lower case.
    Name(String),
    /// The number of a user who is known already.
    Id(UserId),
}

/// Finds a user with their password hash; a username goes before another's e-mail address.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<Credentials>, DbError>")]
pub struct FindCredentials {
    /// Which user to find.
    pub identifier: LoginIdentifier,
}

/// A user and the hash that their password must match.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user.
    pub user: User,
    /// The hash.
    pub password_hash: PasswordHash,
    /// Which of the user's passwords it is a hash of.
    pub password_version: PasswordVersion,
}

impl DbMessage for FindCredentials {
    type Answer = Option<Credentials>;
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Connection) -> Result<Self::Answer, DbError> {
        const SELECT: &str =
            concat!("SELECT ", user_columns!(), ", u.password_hash, u.password_version FROM users u");
        let credentials = |row: &rusqlite::Row<'_>| {
            Ok(Credentials {
                user: user(row)?,
                password_hash: row.get("password_hash")?,
                password_version: row.get("password_version")?,
            })
        };
        let find = |sql: &str, value: &dyn rusqlite::ToSql| {
            db.prepare_cached(sql)?.query_row([value], credentials).optional()
        };
        Ok(match self.identifier {
            LoginIdentifier::Id(id) => find(&format!("{SELECT} WHERE u.id = ?1"), &id)?,
            LoginIdentifier::Name(name) => {
                let key = name.to_lowercase();
                match find(&format!("{SELECT} WHERE u.username_key = ?1"), &key)? {
                    Some(found) => Some(found),
                    None => find(&format!("{SELECT} WHERE u.email_key = ?1"), &key)?,
                }
            }
        })
    }
}

/// Sets a password, and ends every session but one.
#[derive(Debug, Message)]
#[rtype(result = "Result<bool, DbError>")]
pub struct SetPassword {
    /// Whose.
    pub id: UserId,
    /// The password that was verified. Where it has been changed since, nothing is set. `None` sets it
    /// in any case.
    pub expected: Option<PasswordVersion>,
    /// The new hash.
    pub password_hash: PasswordHash,
    /// The session that goes on.
    pub keep: Option<SessionId>,
    /// Now.
    pub now: Timestamp,
}

impl DbMessage for SetPassword {
    type Answer = bool;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<bool, DbError> {
        let changed = db
            .prepare_cached(
                "UPDATE users SET password_hash = ?2, password_version = password_version + 1
                 WHERE id = ?1 AND (?3 IS NULL OR password_version = ?3)",
            )?
            .execute((self.id, self.password_hash, self.expected))?;
        if changed == 0 {
            return Ok(false);
        }
        end_sessions_of(db, self.id, self.keep, EndReason::PasswordChanged, self.now)?;
        Ok(true)
    }
}

/// Sets a password, ends every session and opens a new one, all of it or nothing: for somebody whose
/// password was just verified. `None` where it has been changed or the account disabled since.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<SessionId>, DbError>")]
pub struct ReplacePassword {
    /// The new session, which names the user and the password that was verified.
    pub open: OpenSession,
    /// The new hash.
    pub password_hash: PasswordHash,
}

impl DbMessage for ReplacePassword {
    type Answer = Option<SessionId>;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Option<SessionId>, DbError> {
        let (id, expected, now) = (self.open.user_id, self.open.expected, self.open.now);
        let Some(session_id) = self.open.run(db)? else { return Ok(None) };
        let set = SetPassword {
            id,
            expected: Some(expected),
            password_hash: self.password_hash,
            keep: Some(session_id),
            now,
        };
        Ok(set.run(db)?.then_some(session_id))
    }
}

/// Replaces a user's hash by another of the same password, which ends nothing; `false` where it has been
/// replaced already, or the password was changed or the user deleted.
#[derive(Debug, Message)]
#[rtype(result = "Result<bool, DbError>")]
pub struct RenewHash {
    /// Whose.
    pub id: UserId,
    /// The hash to be replaced.
    pub outdated: PasswordHash,
    /// A hash of the same password in today's form.
    pub renewed: PasswordHash,
}

impl DbMessage for RenewHash {
    type Answer = bool;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<bool, DbError> {
        // Salts are random, so the text can be that of no other password, set meanwhile.
        let renewed = db
            .prepare_cached("UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2")?
            .execute((self.id, self.outdated, self.renewed))?;
        Ok(renewed > 0)
    }
}

/// Finds the highest cost of any stored hash: the cost that every comparison is made to take.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<Option<u32>, DbError>")]
pub struct FindHighestCost {
    /// Hashes above this cost, which are not compared, do not count.
    pub at_most: u32,
}

impl DbMessage for FindHighestCost {
    type Answer = Option<u32>;
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Connection) -> Result<Option<u32>, DbError> {
        Ok(db
            .prepare_cached("SELECT max(password_cost) FROM users WHERE password_cost <= ?1")?
            .query_one([self.at_most], |row| row.get(0))?)
    }
}
