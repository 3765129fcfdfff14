//! The address of the client behind the proxies.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicBool, Ordering},
};

use actix_web::{HttpRequest, http::header::HeaderMap, web};
use ipnet::IpNet;

use crate::http::state::Api;

/// The warnings that this process has given.
static WARNINGS: Warnings = Warnings { neighbour: AtomicBool::new(false), stranger: AtomicBool::new(false) };

/// The client's address, according to the configuration of this application.
pub(crate) fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let proxies = request.app_data::<web::Data<Api>>().map_or(&[][..], |api| &api.trusted_proxies);
    let peer = request.peer_addr()?.ip().to_canonical();
    if is_trusted(peer, proxies) {
        return Some(forwarded_address(request, peer, proxies));
    }
    if let Some(warning) = WARNINGS.of(peer, request.headers()) {
        log::warn!("{warning}");
    }
    Some(peer)
}

/// The client's address as a trusted proxy gives it.
///
/// A proxy writes one of the two headers and may pass on whatever the client wrote in the other. If both are
/// present and do not agree, neither is believed.
fn forwarded_address(request: &HttpRequest, peer: IpAddr, trusted: &[IpNet]) -> IpAddr {
    let (forwarded, x_forwarded_for) = (forwarded(request), x_forwarded_for(request));
    let by = |hops: &[Option<IpAddr>]| vouched_for(peer, hops, trusted);
    match (forwarded.is_empty(), x_forwarded_for.is_empty()) {
        (true, _) => by(&x_forwarded_for),
        (_, true) => by(&forwarded),
        (false, false) if by(&forwarded) == by(&x_forwarded_for) => by(&forwarded),
        (false, false) => peer,
    }
}

fn is_trusted(ip: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&ip))
}

/// Reads hops from the right, where the nearest proxy writes. The first address that is not a trusted proxy's
/// is the client's; anyone could have written what is left of it.
fn vouched_for(peer: IpAddr, hops: &[Option<IpAddr>], trusted: &[IpNet]) -> IpAddr {
    let mut client = peer;
    for hop in hops.iter().rev() {
        let Some(ip) = hop else { break };
        client = *ip;
        if !is_trusted(client, trusted) {
            break;
        }
    }
    client
}

fn elements(request: &HttpRequest, name: &str) -> Vec<String> {
    // A proxy may append to what a client wrote, which need not be text.
    let values = request.headers().get_all(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let elements = |value: std::borrow::Cow<'_, str>| -> Vec<_> {
        value.split(',').map(|element| element.trim().to_owned()).collect()
    };
    values.flat_map(elements).collect()
}

/// The addresses of `X-Forwarded-For`, in their order; `None` for a value that is not an address.
fn x_forwarded_for(request: &HttpRequest) -> Vec<Option<IpAddr>> {
    elements(request, "x-forwarded-for").iter().map(|text| address(text)).collect()
}

/// The addresses of `Forwarded` (RFC 7239), in their order; `None` for a value that is not an address.
fn forwarded(request: &HttpRequest) -> Vec<Option<IpAddr>> {
    let for_pair = |element: &String| {
        element.split(';').find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            name.eq_ignore_ascii_case("for").then(|| address(value.trim_matches('"')))?
        })
    };
    elements(request, "forwarded").iter().map(for_pair).collect()
}

/// An address with or without brackets and a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = || text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare().or_else(with_port).or_else(bracketed).map(|ip| ip.to_canonical())
}

/// Which warnings about untrusted proxies were given: one for a neighbour, which may well be a proxy, and one
/// for a stranger. Anyone can send such headers all day, so each is given once.
struct Warnings {
    neighbour: AtomicBool,
    stranger: AtomicBool,
}

impl Warnings {
    /// The warning that these headers call for, unless it was given before.
    fn of(&self, peer: IpAddr, headers: &HeaderMap) -> Option<String> {
        let (told, otherwise) = if is_neighbour(peer) {
            (&self.neighbour, "until then all clients behind it count as one, with all their failed logins")
        } else {
            (&self.stranger, "if you have no proxy there, nothing is wrong, because any client can send it")
        };
        if told.load(Ordering::Relaxed) {
            return None;
        }
        let name = ["X-Forwarded-For", "Forwarded"].into_iter().find(|name| headers.contains_key(*name))?;
        if told.swap(true, Ordering::Relaxed) {
            return None;
        }
        Some(format!(
            "a request from {peer} has {name}, which is not believed: if that is your proxy, set --trusted-proxy \
             {peer} (SEKISHO_TRUSTED_PROXY); {otherwise}"
        ))
    }
}

/// Whether an address belongs to this machine or to a private network.
fn is_neighbour(ip: IpAddr) -> bool {
    match ip {
        // Some clouds give addresses of 100.64.0.0/10 (RFC 6598) to load balancers.
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::HeaderValue, test::TestRequest};
    use proptest::prelude::*;

    use super::*;

    fn ip_of(peer: &str, trusted: &[&str], headers: &[(&'static str, &str)]) -> String {
        let mut request = TestRequest::default().peer_addr(format!("{peer}:1").parse().unwrap());
        for (name, value) in headers {
            request = request.append_header((*name, *value));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let (request, peer) = (request.to_http_request(), peer.parse().unwrap());
        if is_trusted(peer, &trusted) { forwarded_address(&request, peer, &trusted) } else { peer }
            .to_string()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_the_headers_say_who_is_no_proxy_is_who_is_connected(
            name in prop_oneof![Just("forwarded"), Just("x-forwarded-for")],
            text in r#"[ -~]{0,80}|(for=)?[0-9a-f.:\[\]",;= ]{0,80}"#,
        ) {
            prop_assert_eq!(ip_of("9.9.9.9", &["10.0.0.0/8"], &[(name, &text)]), "9.9.9.9");
            // A proxy may pass on nonsense: the result is its own address or another, without a panic.
            ip_of("10.1.1.1", &["10.0.0.0/8"], &[(name, &text)]).parse::<IpAddr>().unwrap();
        }

        #[test]
        fn the_client_is_the_nearest_that_is_no_proxy(
            hops in proptest::collection::vec((any::<bool>(), any::<[u8; 3]>()), 1..6),
            is_rfc in any::<bool>(),
        ) {
            let hops: Vec<_> = hops
                .into_iter()
                .map(|(is_proxy, [b, c, d])| format!("{}.{b}.{c}.{d}", if is_proxy { 10 } else { 11 }))
                .collect();
            let nearest = hops.iter().rev().find(|hop| hop.starts_with("11.")).unwrap_or(&hops[0]);

            let found = if is_rfc {
                let elements: Vec<_> = hops.iter().map(|hop| format!("proto=https;for=\"{hop}:80\"")).collect();
                ip_of("10.1.1.1", &["10.0.0.0/8"], &[("forwarded", &elements.join(", "))])
            } else {
                ip_of("10.1.1.1", &["10.0.0.0/8"], &[("x-forwarded-for", &hops.join(","))])
            };

            prop_assert_eq!(&found, nearest);
        }
    }

    #[test]
    fn forwarded_headers_count_only_from_a_trusted_proxy() {
        let spoofed = [("x-forwarded-for", "1.2.3.4")];

        assert_eq!(ip_of("9.9.9.9", &[], &spoofed), "9.9.9.9");
        assert_eq!(ip_of("9.9.9.9", &["10.0.0.0/8"], &spoofed), "9.9.9.9");
        assert_eq!(ip_of("10.1.1.1", &["10.0.0.0/8"], &spoofed), "1.2.3.4");
    }

    #[test]
    fn the_rightmost_address_that_no_trusted_proxy_wrote_is_the_clients() {
        let trusted = &["10.0.0.0/8"];
        for (headers, expected) in [
            (vec![("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.0.0.2")], "1.2.3.4"),
            (vec![("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.2.3.4")], "1.2.3.4"),
            (vec![("x-forwarded-for", "10.0.0.3, 10.0.0.2")], "10.0.0.3"),
            (vec![("x-forwarded-for", "1.2.3.4, nonsense")], "10.1.1.1"),
            (vec![("forwarded", "for=6.6.6.6, For=\"[2001:db8::1]:443\";proto=https")], "2001:db8::1"),
            (vec![("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "1.2.3.4")], "10.1.1.1"),
            (vec![("forwarded", "for=1.2.3.4"), ("x-forwarded-for", "1.2.3.4")], "1.2.3.4"),
            (vec![("forwarded", "for=unknown")], "10.1.1.1"),
            (vec![("forwarded", "proto=https")], "10.1.1.1"),
        ] {
            assert_eq!(ip_of("10.1.1.1", trusted, &headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn what_a_client_wrote_before_the_proxy_is_ignored_though_it_is_no_text() {
        for (name, value) in
            [("x-forwarded-for", &b"\xff\xfe, 1.2.3.4"[..]), ("forwarded", b"for=\"\xff\", for=1.2.3.4")]
        {
            let value = HeaderValue::from_bytes(value).unwrap();
            let request = TestRequest::default().insert_header((name, value)).to_http_request();
            let trusted = ["10.0.0.0/8".parse().unwrap()];

            let found = forwarded_address(&request, "10.1.1.1".parse().unwrap(), &trusted);

            assert_eq!(found.to_string(), "1.2.3.4", "{name}");
        }
    }

    #[test]
    fn each_kind_of_peer_is_warned_of_once_and_only_for_headers_that_would_count() {
        let warnings = Warnings { neighbour: AtomicBool::new(false), stranger: AtomicBool::new(false) };
        let warn = |peer: &str, header: (&str, &str)| {
            let request = TestRequest::default().insert_header(header).to_http_request();
            warnings.of(peer.parse().unwrap(), request.headers())
        };
        let forwarded = ("x-forwarded-for", "1.2.3.4");

        assert_eq!(warn("10.0.0.2", ("x-real-ip", "1.2.3.4")), None);
        let stranger = warn("203.0.113.9", forwarded).unwrap();
        let neighbour = warn("10.0.0.2", ("forwarded", "for=1.2.3.4")).unwrap();
        assert_eq!(warn("203.0.113.10", forwarded), None);
        assert_eq!(warn("127.0.0.1", forwarded), None);

        assert!(stranger.contains("203.0.113.9") && stranger.contains("X-Forwarded-For"), "{stranger}");
        assert!(
            neighbour.contains("--trusted-proxy 10.0.0.2") && neighbour.contains(" Forwarded"),
            "{neighbour}"
        );
    }

    #[test]
    fn neighbours_are_of_this_machine_and_of_private_networks() {
        for ip in [
            "127.0.0.1",
            "::1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "100.64.0.1",
            "100.127.255.1",
            "fd00::1",
            "fe80::1",
        ] {
            assert!(is_neighbour(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["203.0.113.9", "100.63.0.1", "100.128.0.1", "172.32.0.1", "2001:db8::1"] {
            assert!(!is_neighbour(ip.parse().unwrap()), "{ip}");
        }
    }
}
