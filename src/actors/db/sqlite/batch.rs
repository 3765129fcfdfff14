//! Group commit: one COMMIT for all the writes that queued up behind the first.
//!
//! A write opens the transaction if none is open, and sends the actor a [`Commit`]. Writes that
//! stood in the queue before it run in the same transaction, each in a savepoint of its own.
//! When `Commit` comes up, one COMMIT makes them all durable and every answer is released. There
//! is no timer and nothing to tune: an idle database commits at once, a busy one batches as much
//! as is waiting.
//!
//! The way of `Commit` through the actor's queue takes two wake-ups of other threads. Where nobody
//! is on the way but those in the batch, there is nobody to wait for, and it is committed at once.
//!
//! While a batch is open every answer waits, those of reads and of refused writes too: they were
//! made from rows that exist only if the COMMIT succeeds.

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use actix::{
    Actor, Handler, Message, SyncContext,
    dev::{MessageResponse, OneshotSender},
};
use rusqlite::Connection;

use super::{DbActor, Run};
use crate::{
    actors::{db::DbError, panic::catch_panic},
    metrics,
};

/// After the write lock could not be taken within the busy timeout, later writes fail at once for this long
/// instead of waiting again.
const LOCK_COOLDOWN: Duration = Duration::from_secs(5);

type Release = Box<dyn FnOnce(Result<(), &DbError>)>;

/// The answers that wait for a COMMIT.
#[derive(Default)]
pub(super) struct Batch {
    open: bool,
    writes: usize,
    waiting: Vec<Release>,
}

impl Batch {
    /// Answers everybody with an error: nothing of the batch was kept.
    pub(super) fn fail(&mut self, error: &DbError) {
        self.release(Err(error));
    }

    fn release(&mut self, outcome: Result<(), &DbError>) {
        self.open = false;
        self.writes = 0;
        for answer in self.waiting.drain(..) {
            answer(outcome);
        }
    }
}

/// Asks the actor to commit what it has gathered.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Commit;

impl Handler<Commit> for DbActor {
    type Result = ();

    fn handle(&mut self, _: Commit, ctx: &mut SyncContext<Self>) {
        // A commit that fails has told everybody in the batch.
        if catch_panic(|| self.commit().is_ok()).is_err() {
            self.restart(ctx);
        }
    }
}

impl DbActor {
    /// Runs a write in the batch's transaction.
    pub(super) fn write<M: Run>(
        &mut self,
        message: M,
        ctx: &mut SyncContext<Self>,
    ) -> Result<M::Answer, DbError> {
        let is_first = !self.batch.borrow().open;
        // Whoever is alone in the batch is undone with it, and needs no savepoint.
        let is_alone = is_first && self.has_everybody();
        self.begin()?;
        let db = self.connection.as_ref().ok_or(DbError::Closed)?;
        let result = if is_alone { alone(db, message) } else { in_savepoint(db, message) };
        if db.is_autocommit() {
            // SQLite itself gave the transaction up (a full disk, an I/O error): all is undone.
            let error = match &result {
                Err(error) => error.clone(),
                Ok(_) => DbError::Other("the transaction was rolled back".to_owned()),
            };
            self.batch.borrow_mut().fail(&error);
            self.in_doubt = true;
            return Err(error);
        }
        self.batch.borrow_mut().writes += 1;
        if is_alone || self.has_everybody() {
            self.commit()?;
        } else if is_first {
            #[expect(clippy::disallowed_methods, reason = "the actor's message to itself has no answer")]
            ctx.address().do_send(Commit);
        }
        result
    }

    /// Whether everybody who is on the way is in the batch, the present message among them. Those
    /// who were answered and have not heard it yet count as well: they may come again at once.
    fn has_everybody(&self) -> bool {
        self.batch.borrow().waiting.len() + 1 >= self.in_flight.count()
    }

    fn begin(&mut self) -> Result<(), DbError> {
        if self.batch.borrow().open {
            return Ok(());
        }
        if self.connection.is_none() || !self.file.is_in_place() {
            self.connection = Some(self.file.reconnect()?);
        }
        self.lock()?;
        self.batch.borrow_mut().open = true;
        Ok(())
    }

    /// Takes the database's write lock. Whoever finds that another process holds it waits for the
    /// busy timeout; those right after do not wait again, or the queue behind this one thread would
    /// take a busy timeout each.
    fn lock(&mut self) -> Result<(), DbError> {
        let is_patient = self.locked_at.is_none_or(|at| at.elapsed() > LOCK_COOLDOWN);
        let patience = if is_patient { self.file.busy_timeout() } else { Duration::ZERO };
        let db = self.connect()?;
        db.busy_timeout(patience)?;
        let locked = db.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map_err(DbError::from);
        match locked {
            Ok(_) => self.locked_at = None,
            Err(DbError::Locked) if is_patient => self.locked_at = Some(Instant::now()),
            Err(_) => {}
        }
        self.in_doubt |= locked.is_err();
        locked.map(|_| ())
    }

    /// Makes the open batch durable and answers everybody in it. Does nothing where none is open.
    pub(super) fn commit(&mut self) -> Result<(), DbError> {
        if !self.batch.borrow().open {
            return Ok(());
        }
        let started = Instant::now();
        let outcome = match &self.connection {
            Some(db) => commit_or_roll_back(db),
            None => Err(DbError::Closed),
        };
        let mut batch = self.batch.borrow_mut();
        match &outcome {
            Ok(()) => {
                metrics::batch_committed(batch.writes, started.elapsed());
                batch.release(Ok(()));
            }
            Err(error) => {
                // Whoever asked is told, and says so with the request's id.
                log::debug!("a commit of {} writes failed: {error}", batch.writes);
                batch.fail(error);
                self.in_doubt = true;
            }
        }
        outcome
    }
}

/// Runs the one message of a transaction; its failure undoes the transaction.
fn alone<M: Run>(db: &Connection, message: M) -> Result<M::Answer, DbError> {
    let result = message.run(db);
    if result.is_err() && !db.is_autocommit() {
        db.execute_batch("ROLLBACK")?;
    }
    result
}

/// Runs one message so that its failure undoes its own changes and no other's.
fn in_savepoint<M: Run>(db: &Connection, message: M) -> Result<M::Answer, DbError> {
    db.prepare_cached("SAVEPOINT message")?.execute([])?;
    let result = message.run(db);
    if db.is_autocommit() {
        return result;
    }
    let undo_and_release = || -> rusqlite::Result<()> {
        if result.is_err() {
            db.prepare_cached("ROLLBACK TO message")?.execute([])?;
        }
        db.prepare_cached("RELEASE message")?.execute([])?;
        Ok(())
    };
    if let Err(error) = undo_and_release() {
        // Half a message must not be committed with the others: the whole batch goes.
        db.execute_batch("ROLLBACK")?;
        return Err(error.into());
    }
    result
}

fn commit_or_roll_back(db: &Connection) -> Result<(), DbError> {
    let committed = db.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
    if let Err(error) = committed {
        if !db.is_autocommit() {
            db.execute_batch("ROLLBACK")?;
        }
        return Err(error.into());
    }
    Ok(())
}

/// An answer that waits for the open batch, if there is one.
pub struct Reply<T> {
    result: Result<T, DbError>,
    batch: Rc<RefCell<Batch>>,
}

impl<T> Reply<T> {
    pub(super) fn new(result: Result<T, DbError>, batch: &Rc<RefCell<Batch>>) -> Self {
        Self { result, batch: Rc::clone(batch) }
    }
}

impl<A, M, T> MessageResponse<A, M> for Reply<T>
where
    A: Actor,
    M: Message<Result = Result<T, DbError>>,
    T: 'static,
{
    fn handle(self, _: &mut A::Context, sender: Option<OneshotSender<M::Result>>) {
        let Self { result, batch } = self;
        let Some(sender) = sender else { return };
        let mut batch = batch.borrow_mut();
        // Sending fails only where the caller has gone, who then wants no answer.
        if batch.open {
            batch.waiting.push(Box::new(move |outcome| {
                let _ = sender.send(outcome.map_err(DbError::clone).and(result));
            }));
        } else {
            let _ = sender.send(result);
        }
    }
}
