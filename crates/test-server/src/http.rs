//! A small blocking HTTP/1.1 client: one connection, one request after another.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::Value;

use crate::TIMEOUT;

/// A connection that is kept open.
pub struct Connection {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

/// A server's answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body, which is text in every answer that a test asks for.
    pub body: String,
}

/// A pair of tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The access token, a JWT.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl Response {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A string member of a JSON body; empty if the body has no such string.
    #[track_caller]
    pub fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap_or_default().to_owned()
    }

    /// An error's code.
    #[track_caller]
    pub fn code(&self) -> String {
        self.text("code")
    }

    /// The first header of this name, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Asserts the status and returns the answer.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts a 503 with this code, and that the client is told when to retry.
    #[track_caller]
    pub fn unavailable(self, code: &str) {
        assert_eq!((self.status, self.code().as_str()), (503, code), "{self:?}");
        assert!(self.header("retry-after").is_some(), "{self:?}");
    }

    /// Asserts success and returns the tokens.
    #[track_caller]
    pub fn tokens(&self) -> Tokens {
        assert_eq!(self.status, 200, "{self:?}");
        let json = self.json();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        Tokens { access: text("access_token"), refresh: text("refresh_token") }
    }
}

/// These methods fail only with the connection, or if the server does not answer in HTTP.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Connection {
    /// Connects. From then on, waiting for bytes fails after [`TIMEOUT`].
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Self { address, stream: BufReader::new(stream) })
    }

    /// Sends any bytes: a part of a request, or something that is not HTTP.
    pub fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Sends a request and does not wait for its answer.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> io::Result<()> {
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        if !body.is_empty() {
            text.extend(["content-length: ", &body.len().to_string(), "\r\n"]);
        }
        text.push_str("\r\n");
        text.push_str(body);
        self.send_raw(text.as_bytes())
    }

    /// Reads one answer.
    pub fn receive(&mut self) -> io::Result<Response> {
        let head = self.line()?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status line: {head:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| io::Error::other(line.clone()))?;
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Response { status, headers, body: String::new() };
        let length = match answer.header("content-length") {
            Some(length) => length.parse().map_err(io::Error::other)?,
            None if answer.header("transfer-encoding").is_some() => {
                return Err(io::Error::other("a chunked answer, which no test here asks for"));
            }
            None => 0,
        };
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        answer.body = String::from_utf8(body).map_err(io::Error::other)?;
        Ok(answer)
    }

    /// Sends a request and reads its answer.
    pub fn exchange(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Response> {
        self.send(method, path, headers, body)?;
        self.receive()
    }

    /// Whether the server closes the connection, whatever it sends before.
    pub fn is_closed(&mut self) -> bool {
        match self.stream.read_to_end(&mut Vec::new()) {
            Ok(_) => true,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        // A server that was killed leaves half a line.
        line.strip_suffix("\r\n").map(str::to_owned).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// A form-encoded body.
pub fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let pairs: Vec<_> =
        fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.join("&")
}

/// An address in a network (an IPv4 /24) that no other call returns, for what the server counts by network.
pub fn unused_network() -> Ipv4Addr {
    static NETWORKS: AtomicU32 = AtomicU32::new(0x0a00_0000);
    Ipv4Addr::from_bits(NETWORKS.fetch_add(256, Ordering::Relaxed))
}
