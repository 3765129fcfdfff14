//! What the commands have in common: the database by messages, people by name, secrets by hand.

use std::{
    future::Future,
    io::{Read, Write},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};

use super::Failed;
use crate::{
    actors::{
        Handle, Limits,
        db::{Close, DbActor, DbFile, FindCredentials, LoginIdentifier, StartError},
    },
    config::{Database, DatabaseArgs},
    domain::{Clock, Password, Random, User},
};

/// Runs a command on an actix system of its own.
pub(super) fn block_on(command: impl Future<Output = Result<(), Failed>>) -> Result<(), Failed> {
    actix::System::new().block_on(command)
}

/// The database, asked by the same messages as the server asks it, from this process.
pub(super) struct Tools {
    pub(super) db: Handle<DbActor>,
    pub(super) file: Arc<DbFile>,
    pub(super) clock: Clock,
    pub(super) random: Random,
}

impl Tools {
    /// Opens a database that is there.
    pub(super) fn open(args: &DatabaseArgs) -> Result<Self, StartError> {
        DbFile::open_existing(&args.database).map(Self::on)
    }

    /// Opens a database, and creates it where there is none yet.
    pub(super) fn open_or_create(args: &DatabaseArgs) -> Result<Self, StartError> {
        DbFile::open(&args.database).map(Self::on)
    }

    /// Opens a database, or an empty one in memory where there is none yet, so that none is made.
    pub(super) fn open_or_pretend(args: &DatabaseArgs) -> Result<Self, StartError> {
        match &args.database {
            Database::File(path) if path.exists() => Self::open(args),
            Database::File(_) | Database::Memory => DbFile::open(&Database::Memory).map(Self::on),
        }
    }

    fn on(file: DbFile) -> Self {
        let limits = Limits { in_flight: 64, deadline: Some(Duration::from_mins(10)) };
        let file = Arc::new(file);
        let db = DbActor::start(Arc::clone(&file), limits);
        Self { db, file, clock: Clock::System, random: Random::System }
    }

    /// Finds somebody by username or e-mail address.
    pub(super) async fn user(&self, name: &str) -> Result<User, Failed> {
        let find = FindCredentials { identifier: LoginIdentifier::Name(name.to_owned()) };
        let found = self.db.ask(find).await?;
        found.map(|credentials| credentials.user).ok_or_else(|| format!("there is no user {name}").into())
    }

    /// Closes the database, so that all is durable before the process ends.
    pub(super) async fn close(self) -> Result<(), Failed> {
        Ok(self.db.ask(Close).await?)
    }
}

/// Reads a password: from standard input where that is asked for, else from the terminal, twice.
pub(super) fn read_password(from_stdin: bool) -> Result<Password, Failed> {
    if from_stdin {
        let mut text = String::new();
        std::io::stdin().lock().take(64 * 1024).read_to_string(&mut text)?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        return Ok(Password::new(line.to_owned()));
    }
    let no_terminal = |error| format!("no password can be asked for ({error}); try --password-stdin");
    let first = rpassword::prompt_password("Password: ").map_err(no_terminal)?;
    let again = rpassword::prompt_password("Again: ").map_err(no_terminal)?;
    if first != again {
        return Err("the passwords differ".into());
    }
    Ok(Password::new(first))
}

/// Prints a line of the command's result.
pub(super) fn say(line: &str) -> Result<(), Failed> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

/// Prints rows: as a JSON array, or as columns under their names.
pub(super) fn print_rows(names: &[&str], rows: &[Vec<Value>], as_json: bool) -> Result<(), Failed> {
    if as_json {
        let objects: Vec<Value> = rows
            .iter()
            .map(|row| {
                names.iter().zip(row).map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
            })
            .collect();
        return say(&format!("{:#}", json!(objects)));
    }
    let cells: Vec<Vec<String>> = std::iter::once(names.iter().map(|name| (*name).to_owned()).collect())
        .chain(rows.iter().map(|row| row.iter().map(cell).collect()))
        .collect();
    let widths: Vec<usize> = (0..names.len())
        .map(|column| {
            cells.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    for row in cells {
        let line: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect();
        say(line.join("  ").trim_end())?;
    }
    Ok(())
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        // A name from elsewhere may hold what a terminal would obey.
        Value::String(text) => text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect(),
        other => other.to_string(),
    }
}
