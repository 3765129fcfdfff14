//! `DbActor`: the one thread and the one connection.

use std::{cell::RefCell, rc::Rc, sync::Arc, thread, time::Instant};

use actix::{Actor, ActorContext, Handler, SyncArbiter, SyncContext};
use rusqlite::Connection;

use super::{
    Access, DbFile, Run, Tx,
    batch::{Batch, Reply},
};
use crate::{
    actors::{
        Handle, Limits, Named,
        db::{DbError, Request},
        handle::InFlight,
        panic::catch_panic,
    },
    domain::Context,
};

/// The owner of the connection. It runs on its own thread.
pub struct DbActor {
    pub(super) file: Arc<DbFile>,
    pub(super) connection: Option<Connection>,
    pub(super) batch: Rc<RefCell<Batch>>,
    /// When another process was last found to hold the database for too long.
    pub(super) locked_at: Option<Instant>,
    /// Whether a write has failed and no later write has succeeded yet.
    pub(super) in_doubt: bool,
    /// The messages in flight, including the one that is being handled.
    pub(super) in_flight: InFlight,
    pub(super) closed: bool,
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

    fn run<M: Run>(
        &mut self,
        Request { message, context }: Request<M>,
        ctx: &mut SyncContext<Self>,
    ) -> Result<M::Answer, DbError> {
        if self.closed {
            return Err(DbError::Closed);
        }
        match catch_panic(|| self.run_unguarded(message, &context, ctx)) {
            Ok(result) => result,
            Err(_) => {
                // The panic hook has logged the place. The caller's own line says what failed.
                log::debug!(request_id:% = context.origin.request_id; "a database message panicked; the database actor restarts");
                self.restart(ctx);
                Err(DbError::Panicked)
            }
        }
    }

    /// Begins again after a panic. The state that the panic left is unknown, so every message of the batch
    /// fails, and closing the connection rolls back.
    pub(super) fn restart(&mut self, ctx: &mut SyncContext<Self>) {
        self.connection = None;
        self.batch.borrow_mut().fail(&DbError::Panicked);
        ctx.stop();
    }

    fn run_unguarded<M: Run>(
        &mut self,
        message: M,
        context: &Context,
        ctx: &mut SyncContext<Self>,
    ) -> Result<M::Answer, DbError> {
        match M::ACCESS {
            Access::Read => message.run(&Tx { connection: self.connect()?, context }),
            Access::Write => self.write(message, context, ctx),
        }
    }

    pub(super) fn connect(&mut self) -> Result<&Connection, DbError> {
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

impl<M: Run> Handler<Request<M>> for DbActor {
    type Result = Reply<M::Answer>;

    fn handle(&mut self, request: Request<M>, ctx: &mut SyncContext<Self>) -> Reply<M::Answer> {
        let result = self.run(request, ctx);
        Reply::new(result, &self.batch)
    }
}
