//! A connection: read in turns and no faster than its client reads, and closed when it does not.

use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::rt::net::TcpStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use crate::http::Pace;

/// How many bytes are read before what they say is looked at. actix-http reads as long as there is
/// something and then decodes all of it, up to thousands of requests.
const TURN: usize = 2 * 1024;

/// What actix-http reads from and writes to.
pub(super) struct Connection {
    stream: TcpStream,
    pace: Rc<Pace>,
    /// What is left of this turn, in bytes.
    turn: usize,
    /// How long a client may take nothing of what it was sent.
    patience: Duration,
    /// The end of that time, while there is something that did not fit.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, patience: Duration) -> Self {
        Self { stream, pace: Rc::default(), turn: TURN, patience, stalled: None }
    }

    /// What tells how far it is read; its requests have it as well.
    pub(super) fn pace(&self) -> Rc<Pace> {
        Rc::clone(&self.pace)
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.stalled.is_some() {
            // More requests would be more answers. The task is woken when the client has read.
            return Poll::Pending;
        }
        if this.turn == 0 {
            this.turn = TURN;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let most = ready!(this.pace.poll_left(context)).min(this.turn).min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        let outcome = Pin::new(&mut this.stream).poll_read(context, &mut part);
        let read = part.filled().len();
        buffer.advance(read);
        this.pace.spend(read);
        this.turn = if outcome.is_pending() { TURN } else { this.turn - read };
        outcome
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_write(context, bytes) {
            Poll::Pending => {
                let patience = this.patience;
                let stalled = this.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
                ready!(stalled.as_mut().poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(outcome) => {
                if this.stalled.take().is_some() {
                    // It was not read meanwhile.
                    context.waker().wake_by_ref();
                }
                Poll::Ready(outcome)
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
