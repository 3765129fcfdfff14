//! Group lookup: one message to the database for all the callers who came while the last was
//! under way.
//!
//! Every authenticated request asks the database whether its user and session are alive. A message
//! to another thread costs more than the answer to it; so each worker has one such message on its
//! way at a time, and whoever comes meanwhile goes with the next. An idle worker asks at once, a
//! busy one asks for many. Nobody is answered from a look that was taken before they came.

use std::{cell::RefCell, rc::Rc};

use tokio::sync::oneshot;

use crate::{
    actors::{
        Handle, Unreachable,
        db::{ActiveKey, DbActor, DbError, FindActiveUsers},
    },
    domain::{Clock, User},
};

type Found = Result<Option<User>, DbError>;

/// The callers of one worker who wait to be looked up.
#[derive(Clone)]
pub struct Lookups {
    db: Handle<DbActor>,
    clock: Clock,
    queue: Rc<RefCell<Queue>>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<(ActiveKey, oneshot::Sender<Found>)>,
    is_under_way: bool,
}

impl Lookups {
    /// Lookups in this database.
    #[must_use]
    pub fn new(db: Handle<DbActor>, clock: Clock) -> Self {
        Self { db, clock, queue: Rc::default() }
    }

    /// Finds the user of a live session, as of some moment after the call.
    ///
    /// # Errors
    ///
    /// What the database answered to all who were looked up together.
    pub(super) async fn find(&self, key: ActiveKey) -> Found {
        let (sender, answer) = oneshot::channel();
        let is_first = {
            let mut queue = self.queue.borrow_mut();
            queue.waiting.push((key, sender));
            !std::mem::replace(&mut queue.is_under_way, true)
        };
        if is_first {
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

    /// Looks up whoever waits until nobody does.
    async fn work(self) {
        loop {
            self.gather().await;
            let waiting = {
                let mut queue = self.queue.borrow_mut();
                // Whoever has hung up is not looked up.
                queue.waiting.retain(|(_, sender)| !sender.is_closed());
                if queue.waiting.is_empty() {
                    queue.is_under_way = false;
                    return;
                }
                std::mem::take(&mut queue.waiting)
            };
            let (keys, senders): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
            // Sending an answer fails only where the caller has gone.
            match self.db.ask(FindActiveUsers { keys, now: self.clock.now() }).await {
                Ok(found) => {
                    for (sender, user) in senders.into_iter().zip(found) {
                        let _ = sender.send(Ok(user));
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
