//! Networks: ranges of addresses that one party is assumed to control.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The network of an address: its /24 for IPv4, its /64 for IPv6.
///
/// A household or a server is given a whole /64, so a single IPv6 address does not identify a party.
/// IPv4-mapped IPv6 addresses count as IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address.
    #[must_use]
    pub fn of(ip: IpAddr) -> Self {
        Self(match ip.to_canonical() {
            IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & (u32::MAX << 8))),
            IpAddr::V6(ip) => IpAddr::V6(cut(ip, 64)),
        })
    }

    /// The site above the network: the /48 that a provider hands to one customer for IPv6, and the
    /// network itself for IPv4.
    #[must_use]
    pub fn site(self) -> Self {
        Self(match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(ip) => IpAddr::V6(cut(ip, 48)),
        })
    }

    /// The first address of the network, IPv4 as IPv4-mapped IPv6. Two networks have the same bytes only if
    /// they are the same.
    #[must_use]
    pub fn octets(self) -> [u8; 16] {
        match self.0 {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
            IpAddr::V6(ip) => ip.octets(),
        }
    }
}

fn cut(ip: Ipv6Addr, bits: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << (128 - bits)))
}

impl fmt::Display for Network {
    /// The first address of the network.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::of(text.parse().unwrap())
    }

    #[test]
    fn neighbours_share_a_network_and_strangers_do_not() {
        for (one, other, shared) in [
            ("198.51.100.7", "198.51.100.250", true),
            ("198.51.100.7", "198.51.101.7", false),
            ("198.51.100.7", "::ffff:198.51.100.9", true),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ] {
            assert_eq!(network(one) == network(other), shared, "{one} {other}");
        }
    }

    #[test]
    fn a_site_holds_many_ipv6_networks_and_one_of_ipv4() {
        for (one, other, shared) in [
            ("2001:db8:1:2::1", "2001:db8:1:ffff::1", true),
            ("2001:db8:1:2::1", "2001:db8:2:2::1", false),
            ("198.51.100.7", "198.51.101.7", false),
        ] {
            assert_eq!(network(one).site() == network(other).site(), shared, "{one} {other}");
        }
    }
}
