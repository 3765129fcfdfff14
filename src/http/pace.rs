//! How far a connection is read ahead of the request that is being handled.
//!
//! actix-http decodes every request that it has read, and one of thirty bytes takes a hundred times
//! that in memory. A client that sends requests without waiting for the answers (pipelining)
//! decides how many those are, unless the connection is read no further while it has to wait.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// How many bytes are read beyond the request that is being handled. Some must be: a client that
/// has hung up is noticed by reading.
const AHEAD: usize = 2 * 1024;

/// How much of a connection may be read; shared by the connection and its requests.
#[derive(Debug, Default)]
pub struct Pace {
    /// How many more bytes; without bound while no request is being handled.
    left: Cell<Option<usize>>,
    /// The task that waits until it may read more.
    reader: RefCell<Option<Waker>>,
}

impl Pace {
    /// How many bytes may be read now. Where none may, the task is woken when that changes.
    pub fn poll_left(&self, context: &Context<'_>) -> Poll<usize> {
        match self.left.get() {
            None => Poll::Ready(usize::MAX),
            Some(0) => {
                *self.reader.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            }
            Some(left) => Poll::Ready(left),
        }
    }

    /// Counts bytes that were read.
    pub fn spend(&self, read: usize) {
        self.left.set(self.left.get().map(|left| left.saturating_sub(read)));
    }

    /// Until what this returns is dropped, the body of a request may be read, and little more.
    pub(super) fn hold(self: Rc<Self>, body: usize) -> Held {
        self.allow(Some(body.saturating_add(AHEAD)));
        Held(self)
    }

    /// The body was read to its end, and all that follows is ahead.
    pub(super) fn end_body(&self) {
        self.allow(Some(AHEAD));
    }

    fn allow(&self, left: Option<usize>) {
        self.left.set(left);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// A request that is being handled, or whose answer is being sent.
#[derive(Debug)]
pub(super) struct Held(Rc<Pace>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.allow(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_read_without_bound_until_a_request_is_handled_and_again_after() {
        let context = Context::from_waker(Waker::noop());
        let pace = Rc::new(Pace::default());
        assert_eq!(pace.poll_left(&context), Poll::Ready(usize::MAX));

        let held = Rc::clone(&pace).hold(100);
        assert_eq!(pace.poll_left(&context), Poll::Ready(100 + AHEAD));
        pace.spend(100 + AHEAD - 1);
        assert_eq!(pace.poll_left(&context), Poll::Ready(1));
        pace.spend(7);
        assert_eq!(pace.poll_left(&context), Poll::Pending);

        drop(held);
        assert_eq!(pace.poll_left(&context), Poll::Ready(usize::MAX));
    }

    #[test]
    fn after_a_body_without_a_length_no_more_is_read_than_ahead() {
        let context = Context::from_waker(Waker::noop());
        let pace = Rc::new(Pace::default());
        let _held = Rc::clone(&pace).hold(usize::MAX);
        pace.spend(1_000_000);

        pace.end_body();

        assert_eq!(pace.poll_left(&context), Poll::Ready(AHEAD));
    }
}
