//! Coalescing: one database message for all callers that arrive while other messages are in flight.
//!
//! Every authenticated request asks the database whether its user and session are alive, and every refresh
//! replaces a secret. A message to another thread costs more than the query itself. So each worker has at
//! most two such messages in flight, and callers that arrive meanwhile share the next one. An idle worker
//! asks at once, a busy one asks for many. Every caller is answered from a query that ran after the call.

use std::{cell::RefCell, rc::Rc};

use tokio::sync::oneshot;

use crate::{
    actors::{
        Unreachable,
        db::{Answerable, CoalescedMessage, Db, DbError},
    },
    domain::{Clock, Context},
};

/// The maximum number of messages in flight for one coalescer. Two, so that the next message is already
/// queued when the database finishes the current one.
const MAX_IN_FLIGHT: usize = 2;

/// Sends the entries of a worker's callers together; see the module's documentation.
pub struct Coalescer<M: CoalescedMessage> {
    db: Db,
    clock: Clock,
    queue: Rc<RefCell<Queue<M>>>,
}

struct Queue<M: CoalescedMessage> {
    waiting: Vec<Waiting<M>>,
    /// The number of tasks that collect and send entries. Each has at most one message in flight.
    senders: usize,
}

type Waiting<M> = (<M as CoalescedMessage>::Entry, oneshot::Sender<EntryResult<M>>);
type EntryResult<M> = Result<<M as CoalescedMessage>::EntryAnswer, DbError>;

impl<M: CoalescedMessage> Clone for Coalescer<M> {
    fn clone(&self) -> Self {
        Self { db: self.db.clone(), clock: self.clock.clone(), queue: Rc::clone(&self.queue) }
    }
}

impl<M: CoalescedMessage + Answerable> Coalescer<M> {
    /// Creates a coalescer for this database. The clock gives the time of each message.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        let queue = Queue { waiting: Vec::new(), senders: 0 };
        Self { db, clock, queue: Rc::new(RefCell::new(queue)) }
    }

    /// Asks for one entry, in one message with those of other callers. The database sees it after the call.
    ///
    /// # Errors
    ///
    /// The database's error for this entry, or for the whole message.
    pub(super) async fn ask(&self, entry: M::Entry) -> EntryResult<M> {
        let (sender, answer) = oneshot::channel();
        let may_send = {
            let mut queue = self.queue.borrow_mut();
            queue.waiting.push((entry, sender));
            let may_send = queue.senders < MAX_IN_FLIGHT;
            queue.senders += usize::from(may_send);
            may_send
        };
        if may_send {
            // A separate task, because the first caller may hang up before the others are answered.
            actix::spawn(self.clone().send_waiting());
        }
        answer.await.unwrap_or(Err(Unreachable::Stopped(Db::NAME).into()))
    }

    /// Yields to the other tasks of this thread while that brings more callers, so that requests which have
    /// already arrived go together.
    async fn collect(&self) {
        let mut before = 0;
        loop {
            tokio::task::yield_now().await;
            let now = self.queue.borrow().waiting.len();
            if now <= before {
                return;
            }
            before = now;
        }
    }

    /// Sends the waiting entries, one message after the other, until none wait.
    async fn send_waiting(self) {
        loop {
            self.collect().await;
            let waiting = {
                let mut queue = self.queue.borrow_mut();
                // Callers that have hung up are left out.
                queue.waiting.retain(|(_, sender)| !sender.is_closed());
                if queue.waiting.is_empty() {
                    queue.senders -= 1;
                    return;
                }
                std::mem::take(&mut queue.waiting)
            };
            let (entries, senders): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
            // Sending an answer fails only if the caller has hung up.
            // The message acts for many callers. An entry that needs its caller's context contains it.
            let context = Context::system(self.clock.now());
            match self.db.ask(M::from_entries(entries), &context).await {
                Ok(answers) => {
                    for (sender, answer) in senders.into_iter().zip(answers) {
                        let _ = sender.send(answer);
                    }
                }
                Err(error) => {
                    for sender in senders {
                        let _ = sender.send(Err(error.clone()));
                    }
                }
            }
        }
    }
}
