//! HTTP written by hand, for requests that no regular client sends.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};

/// The maximum time to wait for a server's next byte.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection, and the bytes that were read from it and not used yet.
pub struct Wire<S = TcpStream> {
    pub stream: S,
    buffer: Vec<u8>,
}

/// An answer in its raw form.
#[derive(Debug, Clone)]
pub struct RawAnswer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl RawAnswer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Wire {
    pub async fn connect(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect(address).await.unwrap())
    }

    pub fn of(stream: TcpStream) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// Sends bytes. It is not an error if the server no longer listens; its answer shows that.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// The two directions, for reading and writing at the same time.
    pub fn into_halves(self) -> (Wire<OwnedReadHalf>, OwnedWriteHalf) {
        let (reader, writer) = self.stream.into_split();
        (Wire { stream: reader, buffer: self.buffer }, writer)
    }
}

impl<S: AsyncRead + Unpin> Wire<S> {
    /// The next answer; `None` if the connection ends before one.
    pub async fn answer(&mut self) -> Option<RawAnswer> {
        let mut answer = self.head().await?;
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        while self.buffer.len() < length {
            assert!(self.read_more().await > 0, "half a body: {answer:?}");
        }
        let body: Vec<u8> = self.buffer.drain(..length).collect();
        answer.body = String::from_utf8(body).unwrap();
        Some(answer)
    }

    /// The next answer to a request whose answer has no body.
    pub async fn head(&mut self) -> Option<RawAnswer> {
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.read_more().await == 0 {
                assert!(
                    self.buffer.is_empty(),
                    "half an answer: {:?}",
                    String::from_utf8_lossy(&self.buffer)
                );
                return None;
            }
        };
        let head: Vec<u8> = self.buffer.drain(..end).collect();
        let head = String::from_utf8(head).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Some(RawAnswer { status, head, body: String::new() })
    }

    /// Every answer until the server closes the connection.
    pub async fn answers(&mut self) -> Vec<RawAnswer> {
        let mut answers = Vec::new();
        while let Some(answer) = self.answer().await {
            answers.push(answer);
        }
        answers
    }

    async fn read_more(&mut self) -> usize {
        let read = timeout(TIMEOUT, self.stream.read_buf(&mut self.buffer));
        let read = read.await.unwrap_or_else(|_| panic!("the server says nothing"));
        // A reset ends the connection, too.
        read.unwrap_or(0)
    }
}

/// A well-formed POST; the caller adds what is wrong with it.
pub fn post(path: &str, media_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: sekisho.test\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
        body.len(),
    );
    [head.as_bytes(), body].concat()
}

pub const FORM: &str = "application/x-www-form-urlencoded";
pub const JSON: &str = "application/json";
