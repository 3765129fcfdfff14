//! A batch of writes whose answers wait for one COMMIT.

use std::{cell::RefCell, rc::Rc};

use actix::{
    Actor, Message,
    dev::{MessageResponse, OneshotSender},
};

use crate::actors::db::DbError;

type Release = Box<dyn FnOnce(Result<(), &DbError>)>;

/// The answers that wait for a COMMIT.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) open: bool,
    pub(super) writes: usize,
    waiting: Vec<Release>,
}

impl Batch {
    /// Answers every message with an error: nothing of the batch was kept.
    pub(super) fn fail(&mut self, error: &DbError) {
        self.release(Err(error));
    }

    /// The number of answers that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Sends every answer, or the error of the COMMIT.
    pub(super) fn release(&mut self, outcome: Result<(), &DbError>) {
        self.open = false;
        self.writes = 0;
        for answer in self.waiting.drain(..) {
            answer(outcome);
        }
    }
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
        // Sending fails only if the caller has hung up.
        if batch.open {
            batch.waiting.push(Box::new(move |outcome| {
                let _ = sender.send(outcome.map_err(DbError::clone).and(result));
            }));
        } else {
            let _ = sender.send(result);
        }
    }
}
