//! A blocking HTTP/1.1 client: one connection, one request at a time.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::Value;

/// Nobody waits longer for an answer: the server's own deadlines are shorter.
const TIMEOUT: Duration = Duration::from_secs(20);

pub struct Http {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

/// A request, ready to be written.
#[derive(Clone)]
pub struct Request {
    method: &'static str,
    path: String,
    token: Option<String>,
    forwarded_for: Option<Ipv4Addr>,
    content_type: &'static str,
    body: String,
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub body: Value,
}

impl Response {
    pub fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }
}

impl Request {
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            token: None,
            forwarded_for: None,
            content_type: "text/plain",
            body: String::new(),
        }
    }

    /// The same from a network that nothing else comes from: a network has so many registrations.
    pub fn sent_from_elsewhere(mut self) -> Self {
        static NETWORKS: AtomicU32 = AtomicU32::new(0x0a00_0000);
        self.forwarded_for = Some(Ipv4Addr::from_bits(NETWORKS.fetch_add(256, Ordering::Relaxed)));
        self
    }

    pub fn bearer(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.content_type = "application/json";
        self.body = body.to_string();
        self
    }

    /// The values must need no escaping.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.content_type = "application/x-www-form-urlencoded";
        self.body =
            fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { method, path, content_type, body, .. } = self;
        let bearer = self.token.as_ref().map(|token| format!("authorization: Bearer {token}\r\n"));
        let forwarded = self.forwarded_for.map(|address| format!("x-forwarded-for: {address}\r\n"));
        format!(
            "{method} {path} HTTP/1.1\r\nhost: sekisho.test\r\n{}{}content-type: {content_type}\r\n\
             content-length: {}\r\n\r\n{body}",
            bearer.unwrap_or_default(),
            forwarded.unwrap_or_default(),
            body.len(),
        )
        .into_bytes()
    }
}

impl Http {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// Sends a request and reads its answer. An error means that the connection broke: the request
    /// may have been done or not.
    pub fn send(&mut self, request: &Request) -> io::Result<Response> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => BufReader::new(connect(self.address)?),
        };
        connection.get_mut().write_all(&request.bytes())?;
        let answer = read_answer(&mut connection)?;
        self.connection = Some(connection);
        Ok(answer)
    }

    /// Sends a request over a connection of its own and hangs up: the answer is lost.
    pub fn send_and_hang_up(&self, request: &Request) -> io::Result<()> {
        connect(self.address)?.write_all(&request.bytes())
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

fn read_answer(connection: &mut BufReader<TcpStream>) -> io::Result<Response> {
    let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let status = read_line(connection)?;
    let status = status.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(cut)?;
    let mut length = 0;
    loop {
        let line = read_line(connection)?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(|_| cut())?;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? };
    Ok(Response { status, body })
}

/// A line without its end; half a line is none.
fn read_line(connection: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    connection.read_line(&mut line)?;
    line.strip_suffix("\r\n").map(str::to_owned).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}
