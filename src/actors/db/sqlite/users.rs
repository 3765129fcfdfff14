//! The SQL of users: adding, finding, changing and deleting them.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::{
    Access, Run, Tx,
    columns::{user, user_columns},
    sessions::end_sessions_of,
};
use crate::{
    actors::db::{
        ChangeRefused, DbError, DeleteUser, FindNameConflict, FindUser, InsertUser, NameConflict, SetEmail,
        UpdateUser,
    },
    domain::{Email, EndReason, User, UserChange, UserId, Username},
};

impl Run for FindNameConflict {
    const ACCESS: Access = Access::Read;

    fn run(self, tx: &Tx<'_>) -> Result<Option<NameConflict>, DbError> {
        find_name_conflict(tx, &self.email, &self.username)
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

impl Run for InsertUser {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<Self::Answer, DbError> {
        if let Some(conflict) = find_name_conflict(tx, &self.email, &self.username)? {
            return Ok(Err(conflict));
        }
        tx.prepare_cached(
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
            ":now": tx.now(),
        })?;
        Ok(Ok(User {
            id: UserId(tx.last_insert_rowid()),
            email: self.email,
            username: self.username,
            role: self.role,
            disabled: false,
            created_at: tx.now(),
        }))
    }
}

/// Whether a login with this address finds another user. The address may be their username: an imported
/// user's username can be an address.
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

/// Whether a login with this username finds a user, or a deleted user had it. It may be a user's address: an
/// imported user's address can be any text.
pub(super) fn username_is_taken(db: &Connection, username: &Username) -> Result<bool, DbError> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM users WHERE username_key = ?1
             UNION ALL SELECT 1 FROM users WHERE email_key = ?1
             UNION ALL SELECT 1 FROM retired_usernames WHERE username_key = ?1",
        )?
        .exists([username.key()])?)
}

impl Run for FindUser {
    const ACCESS: Access = Access::Read;

    fn run(self, tx: &Tx<'_>) -> Result<Option<User>, DbError> {
        find_user(tx, self.id)
    }
}

fn find_user(db: &Connection, id: UserId) -> Result<Option<User>, DbError> {
    let sql = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.id = ?1");
    Ok(db.prepare_cached(sql)?.query_row([id], |row| user(row, 0)).optional()?)
}

impl Run for UpdateUser {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<Self::Answer, DbError> {
        let Some(before) = find_user(tx, self.id)? else {
            return Ok(Err(ChangeRefused::NotFound));
        };
        if let Some(email) = &self.change.email
            && email_is_taken(tx, email, Some(self.id))?
        {
            return Ok(Err(ChangeRefused::EmailTaken));
        }
        let after = self.change.apply(before.clone());
        if before.ceases_to_administer(Some(&after)) && is_last_admin(tx, self.id)? {
            return Ok(Err(ChangeRefused::LastAdmin));
        }
        tx.prepare_cached(
            "UPDATE users SET email = ?2, email_key = ?3, role = ?4, disabled = ?5 WHERE id = ?1",
        )?
        .execute((self.id, &after.email, after.email.key(), after.role, after.disabled))?;
        if after.disabled && !before.disabled {
            end_sessions_of(tx, self.id, None, EndReason::UserDisabled)?;
        }
        Ok(Ok(after))
    }
}

impl Run for SetEmail {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<Self::Answer, DbError> {
        let is_current = tx
            .prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND password_version = ?2")?
            .exists((self.id, self.expected))?;
        if !is_current {
            return Ok(Err(ChangeRefused::NotFound));
        }
        let change = UserChange { email: Some(self.email), ..UserChange::default() };
        UpdateUser { id: self.id, change }.run(tx)
    }
}

fn is_last_admin(db: &Connection, id: UserId) -> Result<bool, DbError> {
    let others = db
        .prepare_cached("SELECT 1 FROM users WHERE role = 'admin' AND disabled = 0 AND id <> ?1 LIMIT 1")?
        .exists([id])?;
    Ok(!others)
}

impl Run for DeleteUser {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<Self::Answer, DbError> {
        let Some(user) = find_user(tx, self.id)? else {
            return Ok(Err(ChangeRefused::NotFound));
        };
        if user.ceases_to_administer(None) && is_last_admin(tx, self.id)? {
            return Ok(Err(ChangeRefused::LastAdmin));
        }
        let deleted = tx
            .prepare_cached("DELETE FROM users WHERE id = ?1 AND (?2 IS NULL OR password_version = ?2)")?
            .execute((self.id, self.expected))?;
        if deleted == 0 {
            return Ok(Err(ChangeRefused::NotFound));
        }
        tx.prepare_cached(
            "INSERT OR IGNORE INTO retired_usernames (username_key, retired_at) VALUES (?1, ?2)",
        )?
        .execute((user.username.key(), tx.now()))?;
        Ok(Ok(()))
    }
}
