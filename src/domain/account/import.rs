//! What an import of users who had accounts elsewhere may take.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use super::{Email, PasswordHash, UserId, Username};

/// The greatest number of a user: the greatest that JSON can tell exactly (RFC 8259, section 6).
const MAX_ID: i64 = (1 << 53) - 1;

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
    pub flaws: Vec<ImportFlaw>,
}

/// Why a user cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportFlaw {
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
pub struct ImportProblem {
    /// Their number, where it makes sense.
    pub id: Option<UserId>,
    /// Their name, where it makes sense.
    pub username: Option<Username>,
    /// Everything that is wrong with them.
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

/// What the users before are called.
#[derive(Debug, Default)]
pub struct ImportedBefore {
    ids: HashSet<UserId>,
    /// Their names, each with what it is.
    names: HashMap<String, &'static str>,
}

impl ImportedBefore {
    const USERNAME: &str = "username";
    const EMAIL: &str = "email address";

    /// Takes note of a user, and tells what a user before has as well. The first of two namesakes is the one
    /// whom the tutorial's login finds.
    pub fn note(&mut self, user: &ImportedUser) -> Vec<ImportFlaw> {
        let username = user.username.as_ref().map(|username| (username.key(), Self::USERNAME));
        let email = user.email.as_ref().map(|email| (email.key(), Self::EMAIL));
        // Their own username may be their e-mail address.
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

/// What of a user is somebody's here already.
#[derive(Debug, Clone, Copy, Default)]
pub struct Taken {
    /// Whether a user has the number.
    pub id: bool,
    /// Whether a user has the username, or had it once.
    pub username: bool,
    /// Whether a user has the e-mail address.
    pub email: bool,
}

impl ImportedUser {
    /// The greatest number that a user can have.
    pub const MAX_ID: i64 = MAX_ID;

    /// Why this user cannot be added beside those who are here. Numbers up to `given` were given once, and
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
