//! Requests that can be sent again, over a connection that is reopened when it breaks.

use std::{io, net::SocketAddr};

use serde_json::Value;
pub use test_server::Response;
use test_server::{Connection, form, unused_network};

pub struct Http {
    address: SocketAddr,
    connection: Option<Connection>,
}

/// A request, ready to be written.
pub struct Request {
    method: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Request {
    pub fn new(method: &'static str, path: &'static str) -> Self {
        Self { method, path, headers: Vec::new(), body: String::new() }
    }

    /// The same request from an unused network, because registrations are limited by network.
    pub fn sent_from_elsewhere(mut self) -> Self {
        self.headers.push(("x-forwarded-for", unused_network().to_string()));
        self
    }

    pub fn bearer(mut self, token: &str) -> Self {
        self.headers.push(("authorization", format!("Bearer {token}")));
        self
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.headers.push(("content-type", "application/json".to_owned()));
        self.body = body.to_string();
        self
    }

    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
        self.body = form(fields);
        self
    }

    fn write_to(&self, connection: &mut Connection) -> io::Result<()> {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        connection.send(self.method, self.path, &headers, &self.body)
    }
}

impl Http {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// Sends a request and reads its answer. An error means that the connection broke, so the request may or
    /// may not have taken effect.
    pub fn send(&mut self, request: &Request) -> io::Result<Response> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.address)?,
        };
        request.write_to(&mut connection)?;
        let answer = connection.receive()?;
        self.connection = Some(connection);
        Ok(answer)
    }

    /// Sends a request over a separate connection and hangs up, so that the answer is lost.
    pub fn send_and_hang_up(&self, request: &Request) -> io::Result<()> {
        request.write_to(&mut Connection::open(self.address)?)
    }
}
