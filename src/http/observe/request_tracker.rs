//! Tracks whether a connection's last request has been answered, so that the next is not read earlier.
//!
//! actix-http decodes every request that it is given, while one is still being answered. One of thirty
//! bytes then takes a hundred times that in memory, and the last one decides how the answers to the
//! others are written: behind a GET, a HEAD that has arrived takes the body from the GET's answer.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Waker},
};

/// The progress of a connection's last request, shared by the connection and its requests.
#[derive(Debug, Default)]
pub struct RequestTracker {
    last: Cell<RequestProgress>,
    /// The connection's task, if it waits for a change.
    reader: RefCell<Option<Waker>>,
    /// Whether the connection ends with the next answer.
    closes: Cell<bool>,
}

/// The progress of the last request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestProgress {
    /// The request's number on its connection. The first is 1; before it the number is 0.
    pub number: u64,
    /// How the end of its body is found.
    pub body: RequestBody,
    /// Whether its answer has been handed over to be written.
    pub is_answered: bool,
}

/// How the end of a request's body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestBody {
    /// The body has this many bytes.
    Length(usize),
    /// The body ends with the last chunk, which has not been read.
    Chunked,
    /// The last chunk has been read.
    Read,
}

impl Default for RequestProgress {
    fn default() -> Self {
        Self { number: 0, body: RequestBody::Length(0), is_answered: true }
    }
}

impl RequestTracker {
    /// The progress of the last request.
    pub fn progress(&self) -> RequestProgress {
        self.last.get()
    }

    /// Wakes the task when the progress changes.
    pub fn wake_on_change(&self, context: &Context<'_>) {
        *self.reader.borrow_mut() = Some(context.waker().clone());
    }

    /// Lets the connection end with the next answer.
    pub fn close_after_answer(&self) {
        self.closes.set(true);
    }

    /// Begins the next request. It counts as answered when the returned value is dropped.
    pub(crate) fn begin(self: Rc<Self>, body: RequestBody) -> PendingRequest {
        let number = self.last.get().number + 1;
        self.change(RequestProgress { number, body, is_answered: false });
        PendingRequest(self)
    }

    /// Records that the last chunk of the body has been read.
    pub(crate) fn end_body(&self) {
        self.change(RequestProgress { body: RequestBody::Read, ..self.last.get() });
    }

    fn change(&self, progress: RequestProgress) {
        self.last.set(progress);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// A request whose answer has not been sent. Dropping it tells the connection that it has.
#[derive(Debug)]
pub(crate) struct PendingRequest(Rc<RequestTracker>);

impl PendingRequest {
    /// Whether the connection ends with the answer.
    pub(crate) fn is_last(&self) -> bool {
        self.0.closes.get()
    }
}

impl Drop for PendingRequest {
    fn drop(&mut self) {
        self.0.change(RequestProgress { is_answered: true, ..self.0.last.get() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_answered_when_its_answer_is_dropped() {
        let tracker = Rc::new(RequestTracker::default());
        assert!(tracker.progress().is_answered);

        let first = Rc::clone(&tracker).begin(RequestBody::Length(100));
        let begun = RequestProgress { number: 1, body: RequestBody::Length(100), is_answered: false };
        assert_eq!(tracker.progress(), begun);
        drop(first);
        assert_eq!(tracker.progress(), RequestProgress { is_answered: true, ..begun });

        let second = Rc::clone(&tracker).begin(RequestBody::Chunked);
        tracker.end_body();
        assert_eq!(
            tracker.progress(),
            RequestProgress { number: 2, body: RequestBody::Read, is_answered: false }
        );
        drop(second);
        assert!(tracker.progress().is_answered);
    }
}
