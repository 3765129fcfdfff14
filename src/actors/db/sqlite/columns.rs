//! The representation of domain values in columns.

use rusqlite::{
    Row, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};

use crate::domain::{
    Algorithm, EarlierUses, Email, EndReason, PasswordHash, PasswordVersion, Role, Scope, SecretHash,
    Session, SessionId, StoredSecret, Timestamp, User, UserId, Username,
};

/// Implements the conversions of a newtype over `i64` to and from an integer column.
macro_rules! integer_column {
    ($($name:ident: $make:expr, $take:expr;)*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from($take(*self)))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map($make)
            }
        }
    )*};
}

integer_column! {
    Timestamp: Timestamp::from_millis, Timestamp::as_millis;
    UserId: UserId, |id: UserId| id.0;
    SessionId: SessionId, |id: SessionId| id.0;
    PasswordVersion: PasswordVersion, |version: PasswordVersion| version.0;
}

impl ToSql for SecretHash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(&self.0[..]))
    }
}

impl FromSql for SecretHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(Self)
    }
}

/// Implements the conversions of a type to and from a text column that allows only certain texts.
macro_rules! text_column {
    ($($name:ident: $parse:expr, $show:expr;)*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from($show(self)))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                $parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
            }
        }
    )*};
}

text_column! {
    Role: |text: &str| text.parse().ok(), |role: &Role| role.as_str();
    Scope: |text| Scope::parse(text).ok(), Scope::to_string;
    EndReason: |text: &str| text.parse().ok(), |reason: &EndReason| reason.as_str();
    Algorithm: |text: &str| text.parse().ok(), |algorithm: &Algorithm| algorithm.as_str();
    Email: |text: &str| Some(Email::from_trusted(text.to_owned())), Email::as_str;
    Username: |text: &str| Some(Username::from_trusted(text.to_owned())), Username::as_str;
    PasswordHash: |text: &str| Some(PasswordHash::new(text.to_owned())), PasswordHash::expose;
}

impl ToSql for StoredSecret {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.as_column()))
    }
}

impl FromSql for StoredSecret {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_blob().map(|bytes| Self::from_column(bytes.to_vec()))
    }
}

/// The columns that [`user`] reads, from a table called `u`. They are the last of a row, so that a column
/// that is added here does not shift the query's own columns.
macro_rules! user_columns {
    () => {
        "u.id, u.email, u.username, u.role, u.disabled, u.created_at"
    };
}
pub(super) use user_columns;

/// Reads the columns of [`user_columns!`] at the end of a row, after the query's own `own` columns. They are
/// read by position: looking them up by name would cost time in every authenticated request.
pub(super) fn user(row: &Row<'_>, own: usize) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get(own)?,
        email: row.get(own + 1)?,
        username: row.get(own + 2)?,
        role: row.get(own + 3)?,
        disabled: row.get(own + 4)?,
        created_at: row.get(own + 5)?,
    })
}

/// The columns that [`session`] reads.
macro_rules! session_columns {
    () => {
        "id, user_id, scope, created_at, last_used_at, expires_at, user_agent, ip, ended_at, end_reason,
         used_before, used_before_that"
    };
}
pub(super) use session_columns;

/// Reads the columns of [`session_columns!`].
pub(super) fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    let ended_at: Option<Timestamp> = row.get("ended_at")?;
    let reason: Option<EndReason> = row.get("end_reason")?;
    Ok(Session {
        id: row.get("id")?,
        user_id: row.get("user_id")?,
        scope: row.get("scope")?,
        created_at: row.get("created_at")?,
        last_used_at: row.get("last_used_at")?,
        earlier_uses: EarlierUses([row.get("used_before")?, row.get("used_before_that")?]),
        expires_at: row.get("expires_at")?,
        user_agent: row.get("user_agent")?,
        ip: row.get("ip")?,
        ended: ended_at.zip(reason),
    })
}
