//! Group messages: one to the database for all the callers who came while others were under way.
//!
//! Every authenticated request asks the database whether its user and session are alive, and every
//! refresh replaces a secret. A message to another thread costs more than the answer to it; so each
//! worker has at most two such messages on their way, and whoever comes meanwhile goes with the next.
//! An idle worker asks at once, a busy one asks for many. Nobody is answered from a look that was
//! taken before they came.

use std::{cell::RefCell, rc::Rc};

use actix::{Handler, dev::ToEnvelope};
use tokio::sync::oneshot;

use crate::actors::{
    Handle, Unreachable,
    db::{DbActor, DbError, GroupMessage},
};

/// The most messages of a group on their way: while the database is at one, the other is brought to
/// it, and it need not wait for what to do next.
const UNDER_WAY: usize = 2;

/// The callers of one worker who wait to be asked for.
pub struct Group<M: GroupMessage> {
    db: Handle<DbActor>,
    queue: Rc<RefCell<Queue<M>>>,
}

struct Queue<M: GroupMessage> {
    waiting: Vec<Waiting<M>>,
    /// Those who gather and send, each with one message.
    under_way: usize,
}

type Waiting<M> = (<M as GroupMessage>::Request, oneshot::Sender<Answer<M>>);
type Answer<M> = Result<<M as GroupMessage>::One, DbError>;

impl<M: GroupMessage> Clone for Group<M> {
    fn clone(&self) -> Self {
        Self { db: self.db.clone(), queue: Rc::clone(&self.queue) }
    }
}

impl<M> Group<M>
where
    M: GroupMessage,
    DbActor: Handler<M>,
    <DbActor as actix::Actor>::Context: ToEnvelope<DbActor, M>,
{
    /// A group that asks this database.
    #[must_use]
    pub fn new(db: Handle<DbActor>) -> Self {
        let queue = Queue { waiting: Vec::new(), under_way: 0 };
        Self { db, queue: Rc::new(RefCell::new(queue)) }
    }

    /// Asks, together with whoever else does. The database looks at some moment after the call.
    ///
    /// # Errors
    ///
    /// What the database answered to this caller, or to all who asked together.
    pub(super) async fn ask(&self, request: M::Request) -> Answer<M> {
        let (sender, answer) = oneshot::channel();
        let may_send = {
            let mut queue = self.queue.borrow_mut();
            queue.waiting.push((request, sender));
            let may_send = queue.under_way < UNDER_WAY;
            queue.under_way += usize::from(may_send);
            may_send
        };
        if may_send {
            // On its own, because the first caller may hang up before the others are answered.
            actix::spawn(self.clone().work());
        }
        answer.await.unwrap_or(Err(Unreachable::Stopped("account").into()))
    }

    /// Lets the other tasks of this thread go on for as long as that brings more callers: those
    /// whose requests have arrived already had better go together.
    async fn gather(&self) {
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

    /// Asks for whoever waits until nobody does.
    async fn work(self) {
        loop {
            self.gather().await;
            let waiting = {
                let mut queue = self.queue.borrow_mut();
                // Whoever has hung up is not asked for.
                queue.waiting.retain(|(_, sender)| !sender.is_closed());
                if queue.waiting.is_empty() {
                    queue.under_way -= 1;
                    return;
                }
                std::mem::take(&mut queue.waiting)
            };
            let (requests, senders): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
            // Sending an answer fails only where the caller has gone.
            match self.db.ask(M::gather(requests)).await {
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
