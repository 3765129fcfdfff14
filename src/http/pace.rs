//! Whether a connection's last request has been answered, so that the next is not read before.
//!
//! actix-http decodes every request that it is given, while one is still being answered. One of thirty
//! bytes then takes a hundred times that in memory, and the last one decides how the answers to the
//! others are written: behind a GET, a HEAD that has arrived takes the body from the GET's answer.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Waker},
};

/// What is known of a connection's last request; shared by the connection and its requests.
#[derive(Debug, Default)]
pub struct Pace {
    last: Cell<Progress>,
    /// The task that waits for a change.
    reader: RefCell<Option<Waker>>,
}

/// How far the last request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which one it is: the first is 1, and before it there is none.
    pub number: u64,
    /// What belongs to it beside its head.
    pub body: Body,
    /// Whether its answer has been handed over to be written.
    pub is_answered: bool,
}

/// What a request has beside its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// So many bytes.
    Length(usize),
    /// Chunks, until one says that it is the last.
    Chunked,
    /// Chunks, of which the last has been read.
    Over,
}

impl Default for Progress {
    fn default() -> Self {
        Self { number: 0, body: Body::Length(0), is_answered: true }
    }
}

impl Pace {
    /// How far the last request is.
    pub fn progress(&self) -> Progress {
        self.last.get()
    }

    /// Wakes the task when that changes.
    pub fn wake_on_change(&self, context: &Context<'_>) {
        *self.reader.borrow_mut() = Some(context.waker().clone());
    }

    /// The next request is there, and is answered when what this returns is dropped.
    pub(super) fn begin(self: Rc<Self>, body: Body) -> PendingRequest {
        let number = self.last.get().number + 1;
        self.change(Progress { number, body, is_answered: false });
        PendingRequest(self)
    }

    /// The last chunk has been read.
    pub(super) fn end_body(&self) {
        self.change(Progress { body: Body::Over, ..self.last.get() });
    }

    fn change(&self, progress: Progress) {
        self.last.set(progress);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// A request whose answer has not been sent. Dropping it tells the connection that it has.
#[derive(Debug)]
pub(super) struct PendingRequest(Rc<Pace>);

impl Drop for PendingRequest {
    fn drop(&mut self) {
        self.0.change(Progress { is_answered: true, ..self.0.last.get() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_answered_when_its_answer_is_dropped() {
        let pace = Rc::new(Pace::default());
        assert!(pace.progress().is_answered);

        let first = Rc::clone(&pace).begin(Body::Length(100));
        let begun = Progress { number: 1, body: Body::Length(100), is_answered: false };
        assert_eq!(pace.progress(), begun);
        drop(first);
        assert_eq!(pace.progress(), Progress { is_answered: true, ..begun });

        let second = Rc::clone(&pace).begin(Body::Chunked);
        pace.end_body();
        assert_eq!(pace.progress(), Progress { number: 2, body: Body::Over, is_answered: false });
        drop(second);
        assert!(pace.progress().is_answered);
    }
}
