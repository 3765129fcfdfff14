//! What handlers need to know of a request besides its body.

use std::{
    future::{Ready, ready},
    net::IpAddr,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web};
use ipnet::IpNet;

use super::{
    Api,
    error::{ApiError, FieldError},
};
use crate::domain::{AccessToken, Client, Registration};

/// The bearer token that a request must have (RFC 6750, section 2.1).
pub(super) struct Bearer(pub(super) AccessToken);

impl FromRequest for Bearer {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(bearer(request).map(Self))
    }
}

/// Reads the bearer token of a request.
pub(super) fn bearer(request: &HttpRequest) -> Result<AccessToken, ApiError> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let value = values.next().ok_or(ApiError::NotAuthenticated)?;
    if values.next().is_some() {
        return Err(ApiError::InvalidToken);
    }
    let value = value.to_str().map_err(|_| ApiError::InvalidToken)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(ApiError::NotAuthenticated);
    }
    let token = token.trim_matches(' ');
    if token.is_empty() {
        return Err(ApiError::InvalidToken);
    }
    Ok(AccessToken::new(token.to_owned()))
}

/// Where a request came from.
pub(super) struct From(pub(super) Client);

impl FromRequest for From {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let user_agent = request
            .headers()
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|agent| agent.chars().take(Client::MAX_USER_AGENT).collect());
        ready(Ok(Self(Client { ip: client_address(request), user_agent })))
    }
}

/// The right to register, which is asked before the body is read.
pub(super) struct OpenRegistration;

impl FromRequest for OpenRegistration {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let registration = request.app_data::<web::Data<Api>>().map(|api| api.registration);
        ready(match registration {
            Some(Registration::Open) => Ok(Self),
            Some(Registration::Closed) | None => Err(ApiError::RegistrationClosed),
        })
    }
}

/// The client's address as this application is configured to see it.
pub(super) fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let proxies = request.app_data::<web::Data<Api>>().map_or(&[][..], |api| &api.trusted_proxies);
    client_ip(request, proxies)
}

/// The client's address: the peer's, or, where that is a trusted proxy, the one it vouches for.
///
/// A proxy writes one of the two headers and may pass on whatever the client wrote in the other.
/// Where both are there and do not agree, neither is believed.
fn client_ip(request: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    if !is_trusted(peer, trusted) {
        return Some(peer);
    }
    let (forwarded, x_forwarded_for) = (forwarded(request), x_forwarded_for(request));
    let by = |hops: &[Option<IpAddr>]| vouched_for(peer, hops, trusted);
    Some(match (forwarded.is_empty(), x_forwarded_for.is_empty()) {
        (true, _) => by(&x_forwarded_for),
        (_, true) => by(&forwarded),
        (false, false) if by(&forwarded) == by(&x_forwarded_for) => by(&forwarded),
        (false, false) => peer,
    })
}

fn is_trusted(ip: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&ip))
}

/// Reads hops from the right, where the nearest proxy writes: the first address that is no trusted
/// proxy's is the client's, and what stands left of it anybody could have written.
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
    let values = request.headers().get_all(name).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|element| element.trim().to_owned()).collect()
}

/// The addresses of `X-Forwarded-For`, in their order; `None` for one that is none.
fn x_forwarded_for(request: &HttpRequest) -> Vec<Option<IpAddr>> {
    elements(request, "x-forwarded-for").iter().map(|text| address(text)).collect()
}

/// The addresses of `Forwarded` (RFC 7239), in their order; `None` for one that is none.
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

/// The `{id}` of a path.
pub(super) struct Id(pub(super) i64);

impl FromRequest for Id {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|id| id.parse().ok());
        ready(id.map(Self).ok_or_else(|| {
            ApiError::Validation(vec![FieldError {
                kind: "int_parsing",
                loc: vec!["path", "id"],
                msg: "Input should be a valid integer".to_owned(),
            }])
        }))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;

    fn ip_of(peer: &str, trusted: &[&str], headers: &[(&'static str, &str)]) -> String {
        let mut request = TestRequest::default().peer_addr(format!("{peer}:1").parse().unwrap());
        for (name, value) in headers {
            request = request.append_header((*name, *value));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        client_ip(&request.to_http_request(), &trusted).unwrap().to_string()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_the_headers_say_who_is_no_proxy_is_who_is_connected(
            name in prop_oneof![Just("forwarded"), Just("x-forwarded-for")],
            text in r#"[ -~]{0,80}|(for=)?[0-9a-f.:\[\]",;= ]{0,80}"#,
        ) {
            prop_assert_eq!(ip_of("9.9.9.9", &["10.0.0.0/8"], &[(name, &text)]), "9.9.9.9");
            // A proxy that passes on nonsense names itself or an address, and nobody panics.
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
    fn the_scheme_is_bearer_in_any_case_and_there_is_one_token() {
        let read = |values: &[&str]| {
            let mut request = TestRequest::default();
            for value in values {
                request = request.append_header((header::AUTHORIZATION, *value));
            }
            bearer(&request.to_http_request()).map_err(|error| error.code())
        };

        for value in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(read(&[value]).map(|token| token.expose().to_owned()), Ok("abc".to_owned()));
        }
        assert_eq!(read(&[]).err(), Some("not_authenticated"));
        assert_eq!(read(&["Basic abc"]).err(), Some("not_authenticated"));
        for values in [&["Bearer"][..], &["Bearer "], &["Bearer a", "Bearer b"], &["Bearer é"]] {
            assert_eq!(read(values).err(), Some("invalid_token"), "{values:?}");
        }
    }
}
