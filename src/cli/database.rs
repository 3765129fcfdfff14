//! Opening the database for commands.

use std::{sync::Arc, time::Duration};

use super::CommandError;
use crate::{
    actors::{
        Limits,
        db::{
            Answerable, Db, DbError, FindCredentials, LoginIdentifier,
            sqlite::{DbFile, StartError},
        },
    },
    config::{Database, DatabaseArgs},
    domain::{Clock, Context, Random, User},
};

/// A database that a command works with, by the same messages as the server.
pub(super) struct CliDatabase {
    pub(super) db: Db,
    pub(super) file: Arc<DbFile>,
    clock: Clock,
    pub(super) random: Random,
}

impl CliDatabase {
    /// Opens a database that exists.
    pub(super) fn open(args: &DatabaseArgs) -> Result<Self, StartError> {
        DbFile::open_existing(&args.location).map(Self::on)
    }

    /// Opens a database. A file that does not exist is created.
    pub(super) fn open_or_create(args: &DatabaseArgs) -> Result<Self, StartError> {
        DbFile::open(&args.location).map(Self::on)
    }

    /// Opens a database. If its file does not exist, an empty database in memory takes its place, so that no
    /// file is created.
    pub(super) fn open_or_pretend(args: &DatabaseArgs) -> Result<Self, StartError> {
        match &args.location {
            Database::File(path) if path.exists() => Self::open(args),
            Database::File(_) | Database::Memory => DbFile::open(&Database::Memory).map(Self::on),
        }
    }

    fn on(file: DbFile) -> Self {
        let limits = Limits { in_flight: 64, deadline: Some(Duration::from_mins(10)) };
        let file = Arc::new(file);
        let db = Db::sqlite(Arc::clone(&file), limits);
        Self { db, file, clock: Clock::System, random: Random::System }
    }

    /// The context of what the command does now.
    pub(super) fn context(&self) -> Context {
        Context::operator(self.clock.now())
    }

    /// Sends a message for the command.
    pub(super) async fn ask<M: Answerable>(&self, message: M) -> Result<M::Answer, DbError> {
        self.db.ask(message, &self.context()).await
    }

    /// Finds a user by username or e-mail address.
    pub(super) async fn user(&self, name: &str) -> Result<User, CommandError> {
        let find = FindCredentials { identifier: LoginIdentifier::Name(name.to_owned()) };
        let found = self.ask(find).await?;
        found.map(|credentials| credentials.user).ok_or_else(|| format!("there is no user {name}").into())
    }

    /// Closes the database, so that everything is durable before the process ends.
    pub(super) async fn close(self) -> Result<(), CommandError> {
        Ok(self.db.close().await?)
    }
}
