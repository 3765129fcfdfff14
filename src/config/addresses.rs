//! Origins and networks in flags.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

/// Parses an origin exactly as browsers write it (WHATWG HTML, "serialization of an origin"). Origins are
/// compared as text, so one in any other form would match nothing.
pub(super) fn parse_origin(text: &str) -> Result<String, &'static str> {
    const EXPECTED: &str =
        "expected an origin such as https://app.example.com, in lower case, without a path or the usual port";
    let (usual_port, authority) = match text.split_once("://") {
        Some(("http", authority)) => (80, authority),
        Some(("https", authority)) => (443, authority),
        _ => return Err(EXPECTED),
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port = |text: &str| {
        let port: Option<u16> = text.parse().ok();
        port.is_some_and(|port| port != usual_port && port.to_string() == text)
    };
    let is_name = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(v6) => v6.parse().is_ok_and(|address: Ipv6Addr| address.to_string() == v6),
        None => !host.is_empty() && host.bytes().all(is_name),
    };
    if is_host && port.is_none_or(is_port) { Ok(text.to_owned()) } else { Err(EXPECTED) }
}

pub(super) fn parse_network(text: &str) -> Result<IpNet, &'static str> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    let network: IpNet = text
        .parse()
        .or_else(|_| address())
        .map_err(|_| "expected an address or a network such as 10.0.0.0/8")?;
    // An IPv4-mapped IPv6 address counts as IPv4, like that of a connection.
    let IpNet::V6(v6) = network else { return Ok(network) };
    let mapped = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96));
    let plain = mapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    Ok(plain.map_or(network, IpNet::V4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_write_and_a_proxy_is_a_network() {
        for good in [
            "https://app.example.com",
            "https://app.example.com:8443",
            "http://localhost:3000",
            "http://app.example.com:443",
            "http://127.0.0.1",
            "http://[::1]",
            "http://[::1]:3000",
        ] {
            assert_eq!(parse_origin(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "*",
            "null",
            "app.example.com",
            "ftp://app.example.com",
            "https://",
            "https://app.example.com/",
            "https://app.example.com/app",
            "https://App.example.com",
            "HTTPS://app.example.com",
            "https://app.example.com:443",
            "http://app.example.com:80",
            "https://app.example.com:",
            "https://app.example.com:+8443",
            "https://app.example.com:08443",
            "https://app.example.com:65536",
            "https://app.example.com:x",
            "https://:8443",
            "https://user@app.example.com",
            "https://%zz",
            "https://[",
            "https://[]",
            "https://[::1",
            "https://[0:0::1]",
            "https://::1",
        ] {
            assert!(parse_origin(bad).is_err(), "{bad}");
        }
        assert!(parse_network("10.0.0.0/8").is_ok() && parse_network("::1").is_ok());
        assert!(parse_network("proxy").is_err());
        for (mapped, plain) in [("::ffff:10.0.0.1", "10.0.0.1/32"), ("::ffff:10.0.0.0/104", "10.0.0.0/8")] {
            assert_eq!(parse_network(mapped).map(|network| network.to_string()).as_deref(), Ok(plain));
        }
        assert_eq!(parse_network("::/0").map(|network| network.to_string()).as_deref(), Ok("::/0"));
    }
}
