//! The database in an SQLite file, owned by [`DbActor`], which runs on one thread with one connection.
//!
//! Beside the actor stands a file for each file of messages, with the SQL that answers them.

mod backup;
mod batch;
mod columns;
mod connection;
mod counts;
mod credentials;
mod error;
mod file;
mod health;
mod import;
mod inspect;
mod keys;
mod listing;
mod networks;
mod purge;
mod refresh_secrets;
mod rotation;
mod schema;
mod scrub;
mod sessions;
mod start_error;
mod stored_secrets;
mod tutorial;
mod unpublished_file;
mod users;

use std::{cell::RefCell, rc::Rc, sync::Arc, thread, time::Instant};

use actix::{Actor, ActorContext, Handler, SyncArbiter, SyncContext};
use rusqlite::Connection;

use self::batch::{Batch, Reply};
pub use self::{
    backup::{CopyError, CopyReport, OldTokens, RestoreError, back_up, restore},
    file::DbFile,
    start_error::StartError,
    tutorial::read_tutorial_database,
};
use super::{DbError, DbMessage};
use crate::actors::{Handle, Limits, Named, handle::InFlight, panic::catch_panic};

/// Whether a message changes the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only reads.
    Read,
    /// It writes: it runs in a savepoint of the open transaction and is answered after COMMIT.
    Write,
}

/// How SQLite answers a message: by one read, or by one change that happens wholly or not at all.
pub trait Run: DbMessage {
    /// Whether it changes anything.
    const ACCESS: Access;

    /// Does the work. An error undoes what this message changed and nothing else.
    ///
    /// # Errors
    ///
    /// What the database answered.
    fn run(self, db: &Connection) -> Result<Self::Answer, DbError>;
}

/// The owner of the connection; see the module's documentation.
pub struct DbActor {
    file: Arc<DbFile>,
    connection: Option<Connection>,
    batch: Rc<RefCell<Batch>>,
    /// When another process was last found to hold the database for too long.
    locked_at: Option<Instant>,
    /// Whether a write has failed, and none was tried since to see whether they work again.
    in_doubt: bool,
    /// How many messages are on their way here, the one that is being handled among them.
    in_flight: InFlight,
    closed: bool,
}

impl DbActor {
    /// Starts the actor's thread on a database that [`DbFile::open`] has opened and migrated.
    #[must_use]
    pub fn start(file: Arc<DbFile>, limits: Limits) -> Handle<Self> {
        let in_flight = InFlight::default();
        let counted = in_flight.clone();
        let addr = SyncArbiter::start_with_thread_builder(
            1,
            || thread::Builder::new().name("sekisho-db".to_owned()),
            move || Self {
                file: Arc::clone(&file),
                connection: None,
                batch: Rc::default(),
                locked_at: None,
                in_doubt: false,
                in_flight: counted.clone(),
                closed: false,
            },
        );
        Handle::counted_by(addr, limits, in_flight)
    }

    fn run<M: Run>(&mut self, message: M, ctx: &mut SyncContext<Self>) -> Result<M::Answer, DbError> {
        if self.closed {
            return Err(DbError::Closed);
        }
        match catch_panic(|| self.run_unguarded(message, ctx)) {
            Ok(result) => result,
            Err(_) => {
                self.restart(ctx);
                Err(DbError::Panicked)
            }
        }
    }

    /// Begins again after a panic. What it left behind is unknown, so nobody in the batch is told
    /// "done", and closing the connection rolls back.
    fn restart(&mut self, ctx: &mut SyncContext<Self>) {
        // The panic hook has written where; the request, or whoever asked, says what it means.
        log::debug!("a database message panicked; the database actor restarts");
        self.connection = None;
        self.batch.borrow_mut().fail(&DbError::Panicked);
        ctx.stop();
    }

    fn run_unguarded<M: Run>(
        &mut self,
        message: M,
        ctx: &mut SyncContext<Self>,
    ) -> Result<M::Answer, DbError> {
        match M::ACCESS {
            Access::Read => message.run(self.connect()?),
            Access::Write => self.write(message, ctx),
        }
    }

    fn connect(&mut self) -> Result<&Connection, DbError> {
        if self.connection.is_none() {
            self.connection = Some(self.file.connect()?);
        }
        self.connection.as_ref().ok_or(DbError::Closed)
    }
}

impl Named for DbActor {
    const NAME: &'static str = "db";
}

impl Actor for DbActor {
    type Context = SyncContext<Self>;
}

impl<M: Run> Handler<M> for DbActor {
    type Result = Reply<M::Answer>;

    fn handle(&mut self, message: M, ctx: &mut SyncContext<Self>) -> Reply<M::Answer> {
        let result = self.run(message, ctx);
        Reply::new(result, &self.batch)
    }
}
