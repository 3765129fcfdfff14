//! Group commit: one COMMIT for all the writes that queued up behind the first.
//!
//! A write opens the transaction if none is open, and sends the actor a [`Commit`]. Writes that were queued
//! before it run in the same transaction, each in its own savepoint. When `Commit` is handled, one COMMIT
//! makes them all durable and every answer is released. There is no timer and nothing to tune: an idle
//! database commits at once, a busy one batches as much as is waiting.
//!
//! Sending `Commit` through the actor's queue wakes two other threads. If every in-flight message is in the
//! batch, there is nothing to wait for, and the batch is committed at once.
//!
//! While a batch is open every answer waits, including those of reads and of refused writes: they come from
//! rows that exist only if the COMMIT succeeds.

use std::time::{Duration, Instant};

use actix::{Handler, Message, SyncContext};
use rusqlite::Connection;

use super::{DbActor, Run, Tx};
use crate::{
    actors::{db::DbError, panic::catch_panic},
    domain::Context,
    metrics,
};

/// After the write lock could not be taken within the busy timeout, later writes fail at once for this long
/// instead of waiting again.
const LOCK_COOLDOWN: Duration = Duration::from_secs(5);

/// Asks the actor to commit the open batch.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Commit;

impl Handler<Commit> for DbActor {
    type Result = ();

    fn handle(&mut self, _: Commit, ctx: &mut SyncContext<Self>) {
        // A commit that fails has failed every message of the batch.
        if catch_panic(|| self.commit().is_ok()).is_err() {
            log::debug!("a commit panicked; the database actor restarts");
            self.restart(ctx);
        }
    }
}

impl DbActor {
    /// Runs a write in the batch's transaction.
    pub(super) fn write<M: Run>(
        &mut self,
        message: M,
        context: &Context,
        ctx: &mut SyncContext<Self>,
    ) -> Result<M::Answer, DbError> {
        let is_first = !self.batch.borrow().open;
        // A message that is alone in its batch is rolled back with it, and needs no savepoint.
        let is_alone = is_first && self.has_every_message();
        self.begin()?;
        let db = self.connection.as_ref().ok_or(DbError::Closed)?;
        let tx = Tx { connection: db, context };
        let result = if is_alone { alone(&tx, message) } else { in_savepoint(&tx, message) };
        if db.is_autocommit() {
            // SQLite itself rolled the transaction back (a full disk, an I/O error).
            let error = match &result {
                Err(error) => error.clone(),
                Ok(_) => DbError::Other("the transaction was rolled back".to_owned()),
            };
            self.batch.borrow_mut().fail(&error);
            self.in_doubt = true;
            return Err(error);
        }
        self.batch.borrow_mut().writes += 1;
        if is_alone || self.has_every_message() {
            self.commit()?;
        } else if is_first {
            #[expect(clippy::disallowed_methods, reason = "the actor's message to itself has no answer")]
            ctx.address().do_send(Commit);
        }
        result
    }

    /// Whether every in-flight message, including the current one, is in this batch. A caller whose reply was
    /// sent but not yet received still counts as in flight, because it may send another message immediately.
    fn has_every_message(&self) -> bool {
        self.batch.borrow().waiting() + 1 >= self.in_flight.count()
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

    /// Takes the database's write lock. If another process holds it, the first write waits for the busy
    /// timeout. Writes right after that do not wait again, because otherwise each message in the queue would
    /// take a busy timeout.
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

    /// Makes the open batch durable and answers its messages. Does nothing if none is open.
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
                metrics::database::BATCH_WRITES
                    .observe(f64::from(u32::try_from(batch.writes).unwrap_or(u32::MAX)));
                metrics::database::COMMIT_SECONDS.observe(started.elapsed().as_secs_f64());
                batch.release(Ok(()));
            }
            Err(error) => {
                // Each caller gets the error and logs it with its request's id.
                log::debug!("a commit of {} writes failed: {error}", batch.writes);
                batch.fail(error);
                self.in_doubt = true;
            }
        }
        outcome
    }
}

/// Runs the one message of a transaction. If it fails, the transaction is rolled back.
fn alone<M: Run>(tx: &Tx<'_>, message: M) -> Result<M::Answer, DbError> {
    let result = message.run(tx);
    if result.is_err() && !tx.is_autocommit() {
        tx.execute_batch("ROLLBACK")?;
    }
    result
}

/// Runs one message so that its failure rolls back only its own changes.
fn in_savepoint<M: Run>(tx: &Tx<'_>, message: M) -> Result<M::Answer, DbError> {
    tx.prepare_cached("SAVEPOINT message")?.execute([])?;
    let result = message.run(tx);
    if tx.is_autocommit() {
        return result;
    }
    let undo_and_release = || -> rusqlite::Result<()> {
        if result.is_err() {
            tx.prepare_cached("ROLLBACK TO message")?.execute([])?;
        }
        tx.prepare_cached("RELEASE message")?.execute([])?;
        Ok(())
    };
    if let Err(error) = undo_and_release() {
        // Half a message must not be committed with the others, so the whole batch is rolled back.
        tx.execute_batch("ROLLBACK")?;
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
