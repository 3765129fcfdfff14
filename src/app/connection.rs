//! A connection. It hands on one request at a time, each after the last was answered. It is closed if its
//! client does not read, or does not finish a request that it has begun.

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

use super::{ending::OpenConnection, head_scanner::HeadScanner};
use crate::http::{RequestBody, RequestProgress, RequestTracker};

/// The maximum number of bytes read at once, and read ahead of a request that is being handled.
const READ: usize = 2 * 1024;

/// The time in which a request's head must arrive. actix-http limits only the first one.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// The stream that actix-http reads from and writes to.
pub(super) struct Connection {
    stream: TcpStream,
    tracker: Rc<RequestTracker>,
    scanner: HeadScanner,
    /// The state of the last request, as known here.
    last: RequestProgress,
    /// How many more bytes of its body may be handed on while it is being handled.
    left: usize,
    /// The bytes that were read and not handed on yet.
    ahead: Vec<u8>,
    pause: Pause,
    /// Whether the client has closed its side.
    is_over: bool,
    /// When a head that has begun must be complete.
    head_deadline: Option<Pin<Box<Sleep>>>,
    /// How long a client may go without reading what it was sent.
    patience: Duration,
    /// The end of that time, while output does not fit into the socket.
    stalled: Option<Pin<Box<Sleep>>>,
    /// Whether the server is being shut down.
    open: OpenConnection,
}

/// Whether actix-http must examine what was handed on before it gets more.
#[derive(PartialEq, Eq)]
enum Pause {
    Off,
    On,
    /// It has examined it.
    Past,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, patience: Duration, open: OpenConnection) -> Self {
        Self {
            stream,
            tracker: Rc::default(),
            scanner: HeadScanner::default(),
            last: RequestProgress::default(),
            left: 0,
            ahead: Vec::new(),
            pause: Pause::Off,
            is_over: false,
            head_deadline: None,
            patience,
            stalled: None,
            open,
        }
    }

    /// Tells this connection about its requests.
    pub(super) fn tracker(&self) -> Rc<RequestTracker> {
        Rc::clone(&self.tracker)
    }

    /// Reads the current state of the last request.
    fn follow(&mut self) {
        let (last, now) = (self.last, self.tracker.progress());
        if now == last {
            return;
        }
        self.last = now;
        if now.number != last.number {
            if !last.is_answered {
                self.scanner.next(last.body);
            }
            self.head_deadline = None;
            self.left = usize::MAX;
        }
        match now.body {
            RequestBody::Length(length) => {
                self.left = self.left.min(length.saturating_sub(self.scanner.behind()));
            }
            RequestBody::Chunked => {}
            RequestBody::Read => self.left = 0,
        }
        if now.is_answered {
            self.scanner.next(now.body);
        }
    }

    /// How many of these bytes are handed on now.
    fn admit(&mut self, bytes: &[u8]) -> usize {
        let (count, is_paused) = match self.last {
            RequestProgress { is_answered: true, .. } => {
                let (count, is_second) = self.scanner.admit(bytes);
                (count, is_second || self.scanner.behind() > READ)
            }
            // A chunk of one byte takes many times its size in memory until it is read.
            RequestProgress { body: RequestBody::Chunked, .. } => (self.scanner.admit_chunks(bytes), true),
            RequestProgress { .. } => (bytes.len().min(self.left), false),
        };
        self.left = self.left.saturating_sub(count);
        self.pause = if is_paused { Pause::On } else { Pause::Off };
        count
    }

    /// Reads available bytes into the free space of a buffer, and returns their number; zero at the end of
    /// the stream.
    fn poll_fill(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
        let most = READ.min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut part))?;
        Poll::Ready(Ok(part.filled().len()))
    }

    /// Hands on the available bytes.
    fn poll_next(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (count, is_end) = if self.ahead.is_empty() && !self.is_over {
            let Poll::Ready(read) = self.poll_fill(context, buffer)? else {
                return self.poll_idle(context);
            };
            self.is_over = read == 0;
            let mut part = ReadBuf::new(buffer.initialize_unfilled_to(read));
            part.set_filled(read);
            let count = self.admit(part.filled());
            self.ahead.extend_from_slice(part.filled().get(count..).unwrap_or_default());
            buffer.advance(count);
            (count, self.is_over)
        } else {
            let mut ahead = std::mem::take(&mut self.ahead);
            let most = ahead.len().min(buffer.remaining());
            let count = self.admit(ahead.get(..most).unwrap_or_default());
            buffer.put_slice(ahead.get(..count).unwrap_or_default());
            ahead.drain(..count);
            self.ahead = ahead;
            (count, most == 0)
        };
        // Handing on nothing although there is something would be taken for the end.
        if count > 0 || is_end { Poll::Ready(Ok(())) } else { self.poll_ahead(context, buffer) }
    }

    /// Reads bytes that may not be handed on yet. Only reading notices that a client has hung up.
    fn poll_ahead(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let is_pause = self.pause == Pause::On;
        self.pause = if is_pause { Pause::Past } else { Pause::Off };
        self.tracker.wake_on_change(context);
        let mut has_read = false;
        if !self.is_over
            && self.ahead.len() < READ
            && let Poll::Ready(read) = self.poll_fill(context, buffer)?
        {
            self.is_over = read == 0;
            self.ahead.extend_from_slice(buffer.initialize_unfilled_to(read));
            has_read = true;
        }
        if self.is_over && (self.ahead.is_empty() || !is_pause) {
            return Poll::Ready(Ok(()));
        }
        if has_read || is_pause && !self.ahead.is_empty() {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Pending, or the end of the stream if the server is being shut down and has waited for the client long enough.
    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_idle = self.last.is_answered && !self.scanner.is_partial();
        if self.open.is_quiet(is_idle) {
            self.is_over = true;
            return Poll::Ready(Ok(()));
        }
        self.poll_head_deadline(context)
    }

    /// Pending, or an error if the head of a later request takes too long.
    fn poll_head_deadline(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.scanner.is_partial() || !self.last.is_answered || self.last.number == 0 {
            return Poll::Pending;
        }
        let deadline = self.head_deadline.get_or_insert_with(|| Box::pin(sleep(HEAD_TIMEOUT)));
        ready!(deadline.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
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
            // More requests would mean more output. The task is woken when the client has read.
            return Poll::Pending;
        }
        if this.open.is_ending() {
            this.tracker.close_after_answer();
        }
        let number = this.last.number;
        this.follow();
        if this.pause == Pause::Past && this.last.number == number && this.last.is_answered {
            // actix-http did not take it for a request.
            this.scanner = HeadScanner::default();
        }
        let is_waiting = !this.last.is_answered && this.left == 0;
        if is_waiting || this.pause == Pause::On {
            this.poll_ahead(context, buffer)
        } else {
            this.poll_next(context, buffer)
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_write(context, bytes) {
            Poll::Pending if this.open.is_closing() => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
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
