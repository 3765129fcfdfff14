//! `sekisho healthcheck`: for containers, whose images hold nothing that could ask the server.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs},
    time::Duration,
};

use clap::Args;

use super::{CommandError, output::print_line};

/// How long the server may take: readiness has a deadline of 3 seconds of its own.
const DEADLINE: Duration = Duration::from_secs(4);

/// The maximum size of an answer that is read.
const MAX_ANSWER: u64 = 16 * 1024;

#[derive(Debug, Args)]
pub(super) struct HealthcheckArgs {
    /// The address that the server listens on
    #[arg(long, env = "SEKISHO_LISTEN", default_value = "127.0.0.1:8000", value_name = "ADDRESS")]
    listen: String,
}

pub(super) fn run(args: &HealthcheckArgs) -> Result<(), CommandError> {
    let address = reachable(&args.listen)?;
    let answer = ask(address).map_err(|error| format!("http://{address}/readyz does not answer: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => print_line("ready"),
        Some(status) => Err(format!("not ready: {status} {body}").into()),
        None => Err(format!("http://{address}/readyz does not speak HTTP").into()),
    }
}

/// The address at which a server that listens there can be reached from this machine.
fn reachable(listen: &str) -> Result<SocketAddr, String> {
    let found = listen.to_socket_addrs().map_err(|error| format!("--listen {listen}: {error}"))?.next();
    let mut address = found.ok_or_else(|| format!("--listen {listen}: no such address"))?;
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        SocketAddr::V4(_) | SocketAddr::V6(_) => {}
    }
    Ok(address)
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, DEADLINE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    write!(stream, "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER).read_to_string(&mut answer)?;
    Ok(answer)
}
