//! The rules for importing users from another application.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use super::{Email, PasswordHash, UserId, Username};

/// The highest number of a user: the highest that JSON can represent exactly (RFC 8259, section 6).
const MAX_ID: i64 = (1 << 53) - 1;

/// A user of the other database, as far as the row is valid.
#[derive(Debug, Clone)]
pub struct ImportedUser {
    /// The user's number there, which they keep, even if it is not valid here.
    pub id: Option<UserId>,
    /// The user's username, accepted there by other rules.
    pub username: Option<Username>,
    /// The user's e-mail address, accepted there by other rules.
    pub email: Option<Email>,
    /// The hash of the user's password, which they keep.
    pub password_hash: Option<PasswordHash>,
    /// Whether the account was disabled there.
    pub disabled: bool,
    /// What is wrong with the row so far.
    pub flaws: Vec<ImportFlaw>,
}

/// Why a user cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportFlaw {
    /// The number is not valid here.
    #[error("the id is not a number from 1 to {MAX_ID}")]
    Id,
    /// The column is NULL or not a text.
    #[error("no text in {0}")]
    NoText(&'static str),
    /// The value is too long to be a name that is typed, or a hash.
    #[error("more than {most} bytes in {column}")]
    TooLong {
        /// The name of the column.
        column: &'static str,
        /// The maximum length in bytes.
        most: usize,
    },
    /// The value has a control character, which a terminal or a log would obey.
    #[error("a control character in {0}")]
    ControlCharacter(&'static str),
    /// The column does not tell whether the user was disabled.
    #[error("neither 0 nor 1 in {0}")]
    NoTruth(&'static str),
    /// The hash cannot be compared here, for the given reason.
    #[error("{0}")]
    Hash(String),
    /// An earlier user in the import has the same name.
    #[error("another user before has the same {0}")]
    Repeated(&'static str),
    /// This user's username is the e-mail address of an earlier user in the import, or the other way round.
    #[error("the {0} is another name of a user before")]
    Shadowed(&'static str),
    /// Another user here has the number.
    #[error("another user has this id here")]
    IdTaken,
    /// The number was given out here, and its owner may have been deleted since.
    #[error("the id may be that of a user who was deleted here")]
    IdGiven,
    /// A user here has the username, or a deleted user had it.
    #[error("the username is taken here")]
    UsernameTaken,
    /// Another user here has the e-mail address.
    #[error("the email address is taken here")]
    EmailTaken,
}

/// A user who cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProblem {
    /// The user's number, if it is valid.
    pub id: Option<UserId>,
    /// The user's username, if it is valid.
    pub username: Option<Username>,
    /// Why the user cannot be imported.
    pub flaws: Vec<ImportFlaw>,
}

impl fmt::Display for ImportProblem {
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

/// The names of the users already seen in the import.
#[derive(Debug, Default)]
pub struct ImportedBefore {
    ids: HashSet<UserId>,
    /// The names, each with its kind.
    names: HashMap<String, &'static str>,
}

impl ImportedBefore {
    const USERNAME: &str = "username";
    const EMAIL: &str = "email address";

    /// Records a user, and reports what they share with an earlier user. Of two users with one name, the
    /// tutorial's login finds the first.
    pub fn note(&mut self, user: &ImportedUser) -> Vec<ImportFlaw> {
        let username = user.username.as_ref().map(|username| (username.key(), Self::USERNAME));
        let email = user.email.as_ref().map(|email| (email.key(), Self::EMAIL));
        // A user's username may be the same text as their e-mail address.
        let namesakes = [&username, &email].into_iter().flatten().filter_map(|(key, kind)| {
            let before = self.names.get(key)?;
            Some(if before == kind { ImportFlaw::Repeated(kind) } else { ImportFlaw::Shadowed(kind) })
        });
        let mut flaws: Vec<_> = namesakes.collect();
        if user.id.is_some_and(|id| !self.ids.insert(id)) {
            flaws.push(ImportFlaw::Repeated("id"));
        }
        for (key, kind) in [username, email].into_iter().flatten() {
            self.names.entry(key).or_insert(kind);
        }
        flaws
    }
}

/// Which properties of a user another user here already has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Taken {
    /// Whether a user has the number.
    pub id: bool,
    /// Whether a user has the username, or a deleted user had it.
    pub username: bool,
    /// Whether a user has the e-mail address.
    pub email: bool,
}

impl ImportedUser {
    /// The highest number that a user can have.
    pub const MAX_ID: i64 = MAX_ID;

    /// Why this user cannot be added to the existing ones. Numbers up to `given` were given out before, and
    /// their owners may have been deleted since.
    #[must_use]
    pub fn clashes(&self, taken: Taken, given: UserId) -> Vec<ImportFlaw> {
        let was_given = self.id.is_some_and(|id| (UserId(1)..=given).contains(&id));
        [
            (taken.id, ImportFlaw::IdTaken),
            (was_given && !taken.id, ImportFlaw::IdGiven),
            (taken.username, ImportFlaw::UsernameTaken),
            (taken.email, ImportFlaw::EmailTaken),
        ]
        .into_iter()
        .filter_map(|(is_so, flaw)| is_so.then_some(flaw))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: i64, username: &str, email: &str) -> ImportedUser {
        ImportedUser {
            id: Some(UserId(id)),
            username: Some(Username::from_trusted(username.to_owned())),
            email: Some(Email::from_trusted(email.to_owned())),
            password_hash: None,
            disabled: false,
            flaws: Vec::new(),
        }
    }

    #[test]
    fn of_two_users_with_one_name_the_second_is_refused() {
        let mut before = ImportedBefore::default();

        assert_eq!(before.note(&user(1, "alice", "alice@example.com")), []);
        assert_eq!(before.note(&user(2, "ALICE", "a@example.com")), [ImportFlaw::Repeated("username")]);
        assert_eq!(
            before.note(&user(2, "alice@example.com", "b@example.com")),
            [ImportFlaw::Shadowed("username"), ImportFlaw::Repeated("id"),]
        );
    }

    #[test]
    fn what_is_taken_here_is_told_and_a_number_that_was_given_once() {
        let alice = user(5, "alice", "alice@example.com");
        let nothing = Taken::default();

        assert_eq!(alice.clashes(nothing, UserId(4)), []);
        assert_eq!(alice.clashes(nothing, UserId(5)), [ImportFlaw::IdGiven]);
        assert_eq!(alice.clashes(Taken { id: true, ..nothing }, UserId(5)), [ImportFlaw::IdTaken]);
        assert_eq!(
            alice.clashes(Taken { username: true, email: true, ..nothing }, UserId(0)),
            [ImportFlaw::UsernameTaken, ImportFlaw::EmailTaken,]
        );
    }
}
