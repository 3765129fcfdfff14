//! The keys of the counts: keyed hashes, so that nothing typed is kept.

use std::{fmt, net::IpAddr, sync::Arc};

use aws_lc_rs::hmac;

use crate::domain::{LoginName, Network, NoRandomness, Random, SessionId};

/// A name, a network or both, as HMAC-SHA256 under a random key that never leaves the process, cut to 128
/// bits.
///
/// An attacker cannot search for two names with one hash. The probability that two of the some hundred
/// thousand in memory share one by chance is below 2⁻⁹⁰.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CounterKey([u8; 16]);

#[cfg(test)]
impl CounterKey {
    /// One of many keys that belong to no subject.
    pub(super) fn numbered(number: usize) -> Self {
        Self(u128::try_from(number).unwrap().to_be_bytes())
    }
}

impl fmt::Debug for CounterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CounterKey(…)")
    }
}

/// The input of the hash. Each kind of subject begins with a different byte, and all parts but the last have
/// a fixed length, so that no two subjects have the same bytes.
enum Subject<'a> {
    NameFromNetwork(&'a LoginName, Option<Network>),
    Name(&'a LoginName),
    Session(SessionId),
    Address(IpAddr),
    Site(Network),
    Registrations(Network),
    RegistrationsOfSite(Network),
}

/// Makes keys.
#[derive(Debug, Clone)]
pub(super) struct CounterKeys(Arc<hmac::Key>);

impl CounterKeys {
    pub(super) fn new(random: &Random) -> Result<Self, NoRandomness> {
        let secret = random.bytes::<32>()?;
        Ok(Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, &secret))))
    }

    fn of(&self, subject: &Subject<'_>) -> CounterKey {
        let mut context = hmac::Context::with_key(&self.0);
        match *subject {
            Subject::NameFromNetwork(name, network) => {
                context.update(&[0, u8::from(network.is_some())]);
                context.update(&network.map_or([0; 16], Network::octets));
                context.update(name.key().as_bytes());
            }
            Subject::Name(name) => {
                context.update(&[1]);
                context.update(name.key().as_bytes());
            }
            Subject::Session(SessionId(id)) => {
                context.update(&[2]);
                context.update(&id.to_be_bytes());
            }
            Subject::Address(ip) => {
                context.update(&[3]);
                context.update(&match ip.to_canonical() {
                    IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                    // A host has a whole /64 of IPv6 addresses.
                    IpAddr::V6(_) => Network::of(ip).octets(),
                });
            }
            Subject::Site(site) => {
                context.update(&[4]);
                context.update(&site.octets());
            }
            Subject::Registrations(network) => {
                context.update(&[5]);
                context.update(&network.octets());
            }
            Subject::RegistrationsOfSite(site) => {
                context.update(&[6]);
                context.update(&site.octets());
            }
        }
        let tag = context.sign();
        let mut key = [0; 16];
        for (byte, hashed) in key.iter_mut().zip(tag.as_ref()) {
            *byte = *hashed;
        }
        CounterKey(key)
    }

    pub(super) fn login(&self, name: &LoginName, ip: Option<IpAddr>) -> Attempt {
        Attempt {
            pair: self.of(&Subject::NameFromNetwork(name, ip.map(Network::of))),
            everywhere: self.of(&Subject::Name(name)),
            origin: ip.map(|ip| OriginKeys {
                address: self.of(&Subject::Address(ip)),
                site: self.of(&Subject::Site(Network::of(ip).site())),
            }),
            familiar: false,
        }
    }

    pub(super) fn confirmation(&self, name: &LoginName, session: SessionId, ip: Option<IpAddr>) -> Attempt {
        Attempt {
            pair: self.of(&Subject::NameFromNetwork(name, ip.map(Network::of))),
            everywhere: self.of(&Subject::Session(session)),
            origin: None,
            familiar: false,
        }
    }

    pub(super) fn registrant(&self, network: Network) -> Registrant {
        Registrant {
            network: self.of(&Subject::Registrations(network)),
            site: self.of(&Subject::RegistrationsOfSite(network.site())),
        }
    }
}

/// The keys by which an attempt to prove a password is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The typed name, from the client's network.
    pub(super) pair: CounterKey,
    /// The typed name, over all networks; if the client has a session, the session instead.
    pub(super) everywhere: CounterKey,
    /// The origin of the attempt, over all names; `None` if it is unknown or not counted.
    pub(super) origin: Option<OriginKeys>,
    /// Whether the account has logged in from the network before.
    pub(super) familiar: bool,
}

/// The keys of an attempt's origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OriginKeys {
    /// The IPv4 address, or the IPv6 /64.
    pub(super) address: CounterKey,
    /// The IPv4 /24, or the IPv6 /48.
    pub(super) site: CounterKey,
}

impl Attempt {
    /// The same attempt, marked as coming from a network that the account has logged in from before. Limits
    /// on strangers do not apply to it.
    #[must_use]
    pub const fn familiar(self) -> Self {
        Self { familiar: true, ..self }
    }
}

/// The origin of a registration, or of a change of address, which also reveals whether a name is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Registrant {
    pub(super) network: CounterKey,
    pub(super) site: CounterKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> LoginName {
        LoginName::parse(text).unwrap()
    }

    #[test]
    fn every_subject_has_a_key_of_its_own() {
        let keys = CounterKeys::new(&Random::System).unwrap();
        let ip: IpAddr = "198.51.100.7".parse().unwrap();
        let (login, confirmation) =
            (keys.login(&name("7"), Some(ip)), keys.confirmation(&name("7"), SessionId(7), Some(ip)));
        let registrant = keys.registrant(Network::of(ip));
        let origin = login.origin.unwrap();

        let all = [
            login.pair,
            login.everywhere,
            origin.address,
            origin.site,
            confirmation.everywhere,
            registrant.network,
            registrant.site,
            keys.login(&name("7"), None).pair,
            keys.login(&name("#7"), Some(ip)).everywhere,
        ];

        let different: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
        assert_eq!(login.pair, confirmation.pair);
    }

    #[test]
    fn another_process_has_other_keys() {
        let (one, other) =
            (CounterKeys::new(&Random::System).unwrap(), CounterKeys::new(&Random::System).unwrap());

        assert_ne!(one.login(&name("alice"), None), other.login(&name("alice"), None));
    }

    #[test]
    fn neighbours_of_a_network_are_one_and_so_are_all_addresses_of_an_ipv6_host() {
        let keys = CounterKeys::new(&Random::System).unwrap();
        let from = |ip: &str| keys.login(&name("alice"), Some(ip.parse().unwrap()));
        let address = |ip: &str| from(ip).origin.unwrap().address;
        let site = |ip: &str| from(ip).origin.unwrap().site;

        assert_eq!(from("198.51.100.7").pair, from("::ffff:198.51.100.200").pair);
        assert_ne!(from("198.51.100.7").pair, from("198.51.101.7").pair);
        assert_ne!(address("198.51.100.7"), address("198.51.100.200"));
        assert_eq!(site("198.51.100.7"), site("198.51.100.200"));
        assert_eq!(from("2001:db8::1").pair, from("2001:db8::ffff").pair);
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(site("2001:db8::1"), site("2001:db8:0:ffff::1"));
    }
}
