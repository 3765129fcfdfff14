use std::time::Duration;

use secrecy::SecretString;

use super::*;

/// A configuration without dangers.
fn safe() -> Config {
    let mut config = Config::default();
    config.token.issuer = Some("https://login.example.com".to_owned());
    config.encryption.key_file = Some("key".into());
    config.password.min_length = 15;
    config
}

fn codes(adjust: impl FnOnce(&mut Config)) -> Vec<&'static str> {
    let mut config = safe();
    adjust(&mut config);
    // The user who runs the tests is not part of the configuration.
    let checks = CHECKS.iter().filter(|check| !std::ptr::fn_addr_eq(**check, root as Check));
    checks.flat_map(|check| check(&config)).map(|danger| danger.code).collect()
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn a_careful_configuration_has_no_danger() {
    assert_eq!(codes(|_| {}), [""; 0]);
    assert_eq!(codes(|config| config.server.listen = address("[::1]:8000")), [""; 0]);
    assert_eq!(codes(|config| config.token.issuer = None), [""; 0], "it is reached from this machine alone");
}

#[test]
fn each_danger_is_found_by_itself() {
    type Adjust = fn(&mut Config);
    let cases: [(Adjust, &str); 15] = [
        (|config| config.encryption.key_file = None, "no_encryption_key"),
        (|config| config.token.issuer = Some("http://login.example.com".into()), "issuer_without_tls"),
        (|config| config.password.bcrypt_cost = 9, "cheap_hashes"),
        (|config| config.password.min_length = 7, "short_passwords"),
        (|config| config.password.min_length = 14, "passwords_are_all"),
        (|config| config.session.refresh_grace = Duration::from_secs(61), "long_grace"),
        (|config| config.server.metrics_listen = Some(address("0.0.0.0:9100")), "metrics_are_public"),
        (|config| config.token.secret_key = Some(SecretString::from("k")), "hs256_secret_is_shared"),
        (|config| config.token.secret_key_file = Some("key".into()), "hs256_secret_is_shared"),
        (|config| config.session.max_age = Duration::ZERO, "sessions_never_end"),
        (
            |config| (config.server.listen, config.server.docs) = (address("[::]:8000"), false),
            "registration_is_open",
        ),
        (
            |config| {
                config.server.listen = address("[::]:8000");
                config.account.registration = Registration::Closed;
            },
            "docs_are_public",
        ),
        (|config| config.database.location = Database::Memory, "database_in_memory"),
        (|config| config.server.trusted_proxies = vec!["::/0".parse().unwrap()], "proxy_is_anybody"),
        (|config| config.server.trusted_proxies = vec!["0.0.0.0/0".parse().unwrap()], "proxy_is_anybody"),
    ];
    for (adjust, expected) in cases {
        assert_eq!(codes(adjust), [expected]);
    }
}

#[test]
fn a_public_address_needs_an_issuer_with_tls() {
    let public = |issuer: Option<&str>| {
        codes(|config| {
            config.server.listen = address("192.0.2.1:80");
            config.account.registration = Registration::Closed;
            config.server.docs = false;
            config.token.issuer = issuer.map(str::to_owned);
        })
    };

    assert_eq!(public(None), ["issuer_is_the_address"]);
    assert_eq!(public(Some("http://127.0.0.1:8000")), ["issuer_without_tls"]);
    assert_eq!(public(Some("https://login.example.com")), [""; 0]);
    for local in
        ["http://127.0.0.1:8000", "http://[::1]:8000/auth", "http://localhost:8000", "http://localhost"]
    {
        assert_eq!(codes(|config| config.token.issuer = Some(local.to_owned())), [""; 0], "{local}");
    }
}

#[test]
fn a_network_is_anybodys_when_it_is_wide_and_not_private() {
    for (network, expected) in [
        ("10.0.0.0/8", false),
        ("172.16.0.0/12", false),
        ("104.16.0.0/13", false),
        ("8.0.0.0/8", true),
        ("0.0.0.0/1", true),
        ("2a06:98c0::/29", false),
        ("2000::/3", true),
        ("fd00::/8", false),
        ("127.0.0.1/32", false),
    ] {
        assert_eq!(is_anybodys(&network.parse().unwrap()), expected, "{network}");
    }
}
