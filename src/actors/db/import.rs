//! Importing users who had accounts elsewhere.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use actix::Message;

use super::{DbError, DbMessage};
use crate::domain::{Email, PasswordHash, Timestamp, UserId, Username};

/// The greatest number of a user: the greatest that JSON can tell exactly (RFC 8259, section 6).
pub(super) const MAX_ID: i64 = (1 << 53) - 1;

/// A user of the other database, as far as the row makes sense.
#[derive(Debug, Clone)]
pub struct ImportedUser {
    /// Their number there, which they keep, whether it can be one here or not.
    pub id: Option<UserId>,
    /// Their name, by whatever rules it was accepted there.
    pub username: Option<Username>,
    /// Their e-mail address, by whatever rules it was accepted there.
    pub email: Option<Email>,
    /// Their password's hash, which they keep.
    pub password_hash: Option<PasswordHash>,
    /// Whether they were kept from logging in there.
    pub disabled: bool,
    /// What is wrong with the row so far.
    pub flaws: Vec<Flaw>,
}

/// Why a user cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The number cannot be one here.
    #[error("the id is not a number from 1 to {MAX_ID}")]
    Id,
    /// The column holds nothing, or no text.
    #[error("no text in {0}")]
    NoText(&'static str),
    /// Nobody could type it to log in, or it can be no hash.
    #[error("more than {most} bytes in {column}")]
    TooLong {
        /// The column.
        column: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// A terminal or a log would obey it.
    #[error("a control character in {0}")]
    ControlCharacter(&'static str),
    /// Whether the user was banned is not known.
    #[error("neither 0 nor 1 in {0}")]
    NoTruth(&'static str),
    /// The hash cannot be compared here; why not.
    #[error("{0}")]
    Hash(String),
    /// Two users have one name, and the other came first.
    #[error("another user before has the same {0}")]
    Repeated(&'static str),
    /// This user's username is another's e-mail address, or the other way about, and the other came first.
    #[error("the {0} is another name of a user before")]
    Shadowed(&'static str),
    /// Somebody else has the number.
    #[error("another user has this id here")]
    IdTaken,
    /// It was given once, and its owner may have been deleted since.
    #[error("the id may be that of a user who was deleted here")]
    IdGiven,
    /// Somebody has the username, or had it once.
    #[error("the username is taken here")]
    UsernameTaken,
    /// Somebody has the e-mail address.
    #[error("the email address is taken here")]
    EmailTaken,
}

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
}

/// What the users before are called.
#[derive(Default)]
pub(super) struct Seen {
    ids: HashSet<UserId>,
    /// Their names, each with what it is.
    names: HashMap<String, &'static str>,
}

impl Seen {
    const USERNAME: &str = "username";
    const EMAIL: &str = "email address";

    /// Takes note of a user, and tells what a user before has as well. The first of two namesakes is the one
    /// whom the tutorial's login finds.
    pub(super) fn note(&mut self, user: &ImportedUser) -> Vec<Flaw> {
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
