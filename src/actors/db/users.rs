//! Users: adding, finding, changing and deleting them.

use actix::Message;
use rusqlite::{Connection, OptionalExtension, named_params};

use super::{
    Access, DbError, DbMessage,
    columns::{user, user_columns},
    sessions::end_sessions_of,
};
use crate::domain::{
    Email, EndReason, PasswordHash, PasswordVersion, Role, Timestamp, User, UserId, Username,
};

/// Which of a new user's names belongs to another account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameConflict {
    /// The e-mail address.
    #[error("a user with this email already exists")]
    Email,
    /// The username, which may be that of a deleted user.
    #[error("a user with this username already exists")]
    Username,
}

/// Finds out whether an account has one of these names. The answer may be out of date when it
/// arrives: it saves a hash, and [`InsertUser`] decides.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<NameConflict>, DbError>")]
pub struct FindNameConflict {
    /// An e-mail address.
    pub email: Email,
    /// A username.
    pub username: Username,
}

impl DbMessage for FindNameConflict {
    type Answer = Option<NameConflict>;
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Connection) -> Result<Option<NameConflict>, DbError> {
        find_name_conflict(db, &self.email, &self.username)
    }
}

fn find_name_conflict(
    db: &Connection,
    email: &Email,
    username: &Username,
) -> Result<Option<NameConflict>, DbError> {
    if email_is_taken(db, email, None)? {
        return Ok(Some(NameConflict::Email));
    }
    Ok(username_is_taken(db, username)?.then_some(NameConflict::Username))
}

/// Creates a user.
#[derive(Debug, Message)]
#[rtype(result = "Result<Result<User, NameConflict>, DbError>")]
pub struct InsertUser {
    /// Their e-mail address.
    pub email: Email,
    /// Their name.
    pub username: Username,
    /// Their password, hashed.
    pub password_hash: PasswordHash,
    /// What they may do.
    pub role: Role,
    /// Now.
    pub now: Timestamp,
}

impl DbMessage for InsertUser {
    type Answer = Result<User, NameConflict>;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Self::Answer, DbError> {
        if let Some(conflict) = find_name_conflict(db, &self.email, &self.username)? {
            return Ok(Err(conflict));
        }
        db.prepare_cached(
            "INSERT INTO users (email, email_key, username, username_key, password_hash, role, created_at)
             VALUES (:email, :email_key, :username, :username_key, :password_hash, :role, :now)",
        )?
        .execute(named_params! {
            ":email": self.email,
            ":email_key": self.email.key(),
            ":username": self.username,
            ":username_key": self.username.key(),
            ":password_hash": self.password_hash,
            ":role": self.role,
            ":now": self.now,
        })?;
        Ok(Ok(User {
            id: UserId(db.last_insert_rowid()),
            email: self.email,
            username: self.username,
            role: self.role,
            disabled: false,
            created_at: self.now,
        }))
    }
}

/// Whether somebody else is found by this address at a login. It may be their username: that of an imported
/// user can be an address.
pub(super) fn email_is_taken(
    db: &Connection,
    email: &Email,
    but_by: Option<UserId>,
) -> Result<bool, DbError> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM users WHERE email_key = ?1 AND id IS NOT ?2
             UNION ALL SELECT 1 FROM users WHERE username_key = ?1 AND id IS NOT ?2",
        )?
        .exists((email.key(), but_by))?)
}

/// Whether somebody is found by this name at a login, or was called so once. It may be their address: that
/// of an imported user can be any text.
pub(super) fn username_is_taken(db: &Connection, username: &Username) -> Result<bool, DbError> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM users WHERE username_key = ?1
             UNION ALL SELECT 1 FROM users WHERE email_key = ?1
             UNION ALL SELECT 1 FROM retired_usernames WHERE username_key = ?1",
        )?
        .exists([username.key()])?)
}

/// Finds a user by number.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<User>, DbError>")]
pub struct FindUser {
    /// Their number.
    pub id: UserId,
}

impl DbMessage for FindUser {
    type Answer = Option<User>;
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Connection) -> Result<Option<User>, DbError> {
        find_user(db, self.id)
    }
}

fn find_user(db: &Connection, id: UserId) -> Result<Option<User>, DbError> {
    let sql = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.id = ?1");
    Ok(db.prepare_cached(sql)?.query_row([id], user).optional()?)
}

/// What is to change of a user; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// The e-mail address.
    pub email: Option<Email>,
    /// The role.
    pub role: Option<Role>,
    /// Whether they are kept from logging in; disabling ends their sessions.
    pub disabled: Option<bool>,
}

/// Changes a user, all of it or nothing.
#[derive(Debug, Message)]
#[rtype(result = "Result<Result<User, UpdateRefused>, DbError>")]
pub struct UpdateUser {
    /// Who.
    pub id: UserId,
    /// What.
    pub change: UserChange,
    /// Now.
    pub now: Timestamp,
}

/// Why a user was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpdateRefused {
    /// There is no such user, or the password was changed meanwhile.
    #[error("there is no such user")]
    NotFound,
    /// Another user has the e-mail address.
    #[error("a user with this email already exists")]
    EmailTaken,
    /// Nobody could administer any more.
    #[error("the last admin can be neither disabled, demoted nor deleted")]
    LastAdmin,
}

impl DbMessage for UpdateUser {
    type Answer = Result<User, UpdateRefused>;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Self::Answer, DbError> {
        let Some(before) = find_user(db, self.id)? else {
            return Ok(Err(UpdateRefused::NotFound));
        };
        if let Some(email) = &self.change.email
            && email_is_taken(db, email, Some(self.id))?
        {
            return Ok(Err(UpdateRefused::EmailTaken));
        }
        let after = User {
            email: self.change.email.unwrap_or_else(|| before.email.clone()),
            role: self.change.role.unwrap_or(before.role),
            disabled: self.change.disabled.unwrap_or(before.disabled),
            ..before.clone()
        };
        if administers(&before) && !administers(&after) && is_last_admin(db, self.id)? {
            return Ok(Err(UpdateRefused::LastAdmin));
        }
        db.prepare_cached(
            "UPDATE users SET email = ?2, email_key = ?3, role = ?4, disabled = ?5 WHERE id = ?1",
        )?
        .execute((self.id, &after.email, after.email.key(), after.role, after.disabled))?;
        if after.disabled && !before.disabled {
            end_sessions_of(db, self.id, None, EndReason::UserDisabled, self.now)?;
        }
        Ok(Ok(after))
    }
}

/// Changes the e-mail address of somebody whose password was just verified.
#[derive(Debug, Message)]
#[rtype(result = "Result<Result<User, UpdateRefused>, DbError>")]
pub struct SetEmail {
    /// Whose.
    pub id: UserId,
    /// The password that was verified. Where it has been changed since, nothing is.
    pub expected: PasswordVersion,
    /// The new address.
    pub email: Email,
    /// Now.
    pub now: Timestamp,
}

impl DbMessage for SetEmail {
    type Answer = Result<User, UpdateRefused>;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Self::Answer, DbError> {
        let is_current = db
            .prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND password_version = ?2")?
            .exists((self.id, self.expected))?;
        if !is_current {
            return Ok(Err(UpdateRefused::NotFound));
        }
        let change = UserChange { email: Some(self.email), ..UserChange::default() };
        UpdateUser { id: self.id, change, now: self.now }.run(db)
    }
}

fn administers(user: &User) -> bool {
    user.role == Role::Admin && !user.disabled
}

fn is_last_admin(db: &Connection, id: UserId) -> Result<bool, DbError> {
    let others = db
        .prepare_cached("SELECT 1 FROM users WHERE role = 'admin' AND disabled = 0 AND id <> ?1 LIMIT 1")?
        .exists([id])?;
    Ok(!others)
}

/// Deletes a user with their sessions; the username is never given again.
#[derive(Debug, Message)]
#[rtype(result = "Result<Result<(), DeleteRefused>, DbError>")]
pub struct DeleteUser {
    /// Who.
    pub id: UserId,
    /// The password that was verified, as in [`SetPassword`](super::SetPassword).
    pub expected: Option<PasswordVersion>,
    /// Now.
    pub now: Timestamp,
}

/// Why a user was not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeleteRefused {
    /// There is no such user, or the password was changed meanwhile.
    #[error("there is no such user")]
    NotFound,
    /// Nobody could administer any more.
    #[error("the last admin can be neither disabled, demoted nor deleted")]
    LastAdmin,
}

impl DbMessage for DeleteUser {
    type Answer = Result<(), DeleteRefused>;
    const ACCESS: Access = Access::Write;

    fn run(self, db: &Connection) -> Result<Self::Answer, DbError> {
        let Some(user) = find_user(db, self.id)? else {
            return Ok(Err(DeleteRefused::NotFound));
        };
        if administers(&user) && is_last_admin(db, self.id)? {
            return Ok(Err(DeleteRefused::LastAdmin));
        }
        let deleted = db
            .prepare_cached("DELETE FROM users WHERE id = ?1 AND (?2 IS NULL OR password_version = ?2)")?
            .execute((self.id, self.expected))?;
        if deleted == 0 {
            return Ok(Err(DeleteRefused::NotFound));
        }
        db.prepare_cached(
            "INSERT OR IGNORE INTO retired_usernames (username_key, retired_at) VALUES (?1, ?2)",
        )?
        .execute((user.username.key(), self.now))?;
        Ok(Ok(()))
    }
}
