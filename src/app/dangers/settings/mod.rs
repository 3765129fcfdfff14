//! Dangers that follow from the configuration alone.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::danger::{Check, Danger};
use crate::{
    config::{Config, Database},
    domain::Registration,
};

pub(super) const CHECKS: [Check; 13] = [
    encryption,
    issuer,
    trusted_proxies,
    shared_secret,
    bcrypt_cost,
    password_length,
    refresh_grace,
    session_end,
    metrics,
    registration,
    docs,
    memory_database,
    root,
];

fn is_beyond_loopback(address: SocketAddr) -> bool {
    !address.ip().to_canonical().is_loopback()
}

fn encryption(config: &Config) -> Vec<Danger> {
    let is_stored = matches!(config.database.location, Database::File(_));
    let is_missing = config.encryption.key_file.is_none();
    let danger = (is_stored && is_missing).then(|| {
        Danger::new(
            "no_encryption_key",
            "anyone with a copy of the database or of a backup can sign tokens for any user",
            "give --encryption-key-file",
        )
    });
    danger.into_iter().collect()
}

fn issuer(config: &Config) -> Vec<Danger> {
    let is_public = is_beyond_loopback(config.server.listen);
    let danger = match config.token.issuer.as_deref() {
        None if is_public => Danger::new(
            "issuer_is_the_address",
            format!(
                "{} can be reached from other machines, and tokens name that address as their issuer",
                config.server.listen
            ),
            "put a proxy with TLS before it and give --issuer https://…",
        ),
        Some(issuer) if issuer.starts_with("http://") && (is_public || !names_loopback(issuer)) => {
            Danger::new(
                "issuer_without_tls",
                format!("passwords and tokens travel to {issuer} in the clear"),
                "put a proxy with TLS before it and give --issuer https://…",
            )
        }
        _ => return Vec::new(),
    };
    vec![danger]
}

/// Whether a URL leads to this machine.
fn names_loopback(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let host = authority.parse::<SocketAddr>().map(|address| address.ip()).ok();
    let host = host.or_else(|| authority.trim_matches(['[', ']']).parse().ok());
    let name = authority.split(':').next().unwrap_or_default();
    host.map_or(name == "localhost", |ip: IpAddr| ip.is_loopback())
}

fn trusted_proxies(config: &Config) -> Vec<Danger> {
    let wide = config.server.trusted_proxies.iter().filter(|network| is_anybodys(network));
    let dangers = wide.map(|network| {
        Danger::new(
            "proxy_is_anybody",
            format!(
                "--trusted-proxy {network} lets strangers choose the address that they seem to come from"
            ),
            "give the addresses of the proxies",
        )
    });
    dangers.collect()
}

/// Whether a network is public and wider than one operator's proxies can be.
fn is_anybodys(network: &IpNet) -> bool {
    const PRIVATE: [&str; 9] = [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    ];
    let is_private =
        PRIVATE.iter().filter_map(|text| text.parse().ok()).any(|net: IpNet| net.contains(network));
    let is_wide = match network {
        IpNet::V4(network) => network.prefix_len() < 13,
        IpNet::V6(network) => network.prefix_len() < 29,
    };
    is_wide && !is_private
}

fn shared_secret(config: &Config) -> Vec<Danger> {
    let is_shared = config.token.secret_key.is_some() || config.token.secret_key_file.is_some();
    let danger = is_shared.then(|| {
        Danger::new(
            "hs256_secret_is_shared",
            "every service that verifies tokens with the HS256 key can make them for the others",
            "use ES256, whose verifiers need only the public key",
        )
    });
    danger.into_iter().collect()
}

fn bcrypt_cost(config: &Config) -> Vec<Danger> {
    let cost = config.password.bcrypt_cost;
    let danger = (cost < 10).then(|| {
        Danger::new(
            "cheap_hashes",
            format!("the bcrypt cost {cost} lets a thief of the database guess quickly"),
            "give --bcrypt-cost 12, or at least 10",
        )
    });
    danger.into_iter().collect()
}

fn password_length(config: &Config) -> Vec<Danger> {
    let length = config.password.min_length;
    // NIST SP 800-63B-4, 3.1.1.2: 15 if nothing but the password is asked for.
    let danger = match length {
        0..8 => Danger::new(
            "short_passwords",
            format!("passwords of {length} characters are accepted"),
            "give --password-min-length 8 or more",
        ),
        8..15 => Danger::hint(
            "passwords_are_all",
            format!(
                "passwords of {length} characters are accepted, and nothing else is asked for at a login"
            ),
            "consider --password-min-length 15 (NIST SP 800-63B)",
        ),
        _ => return Vec::new(),
    };
    vec![danger]
}

fn refresh_grace(config: &Config) -> Vec<Danger> {
    let seconds = config.session.refresh_grace.as_secs();
    let danger = (seconds > 60).then(|| {
        Danger::new(
            "long_grace",
            format!("a stolen refresh token still works for {seconds} seconds after it was replaced"),
            "give --refresh-grace-seconds 10; retries take no longer",
        )
    });
    danger.into_iter().collect()
}

fn session_end(config: &Config) -> Vec<Danger> {
    let danger = config.session.max_age.is_zero().then(|| {
        Danger::new(
            "sessions_never_end",
            "a thief of a session who keeps refreshing it keeps it for ever",
            "give --session-max-days 180",
        )
    });
    danger.into_iter().collect()
}

fn metrics(config: &Config) -> Vec<Danger> {
    let address = config.server.metrics_listen.filter(|address| is_beyond_loopback(*address));
    let danger = address.map(|address| {
        Danger::new(
            "metrics_are_public",
            format!("anyone who can reach {address} can read the metrics"),
            "listen on loopback, or on an address that only Prometheus can reach",
        )
    });
    danger.into_iter().collect()
}

fn registration(config: &Config) -> Vec<Danger> {
    let is_open =
        config.account.registration == Registration::Open && is_beyond_loopback(config.server.listen);
    let danger = is_open.then(|| {
        Danger::hint(
            "registration_is_open",
            "anyone who can reach this service can create an account",
            "give --registration closed if only you create accounts",
        )
    });
    danger.into_iter().collect()
}

fn docs(config: &Config) -> Vec<Danger> {
    let is_public = config.server.docs && is_beyond_loopback(config.server.listen);
    let danger = is_public.then(|| {
        Danger::hint(
            "docs_are_public",
            "anyone who can reach this service can read and try out its documentation",
            "give --docs off if it is not needed",
        )
    });
    danger.into_iter().collect()
}

fn memory_database(config: &Config) -> Vec<Danger> {
    let danger = (config.database.location == Database::Memory).then(|| {
        Danger::new(
            "database_in_memory",
            "all accounts are lost when the process ends",
            "give --database a file, unless this is a trial",
        )
    });
    danger.into_iter().collect()
}

fn root(_: &Config) -> Vec<Danger> {
    let danger = rustix::process::geteuid().is_root().then(|| {
        Danger::new(
            "runs_as_root",
            "an attacker who takes over this process is root",
            "run it as a separate user",
        )
    });
    danger.into_iter().collect()
}

#[cfg(test)]
mod tests;
