//! The proxies of OPERATIONS.md, with their configuration as it stands there, in front of a server. Only the
//! ports and the certificate differ.

use std::{path::Path, process::Command};

use serde_json::Value;
use test_server::{Proxy, Server, finish};

use crate::support::{block, home, text};

const HOST: &str = "login.example.com";

fn server(issuer: &str) -> (test_server::Home, Server) {
    let home = home();
    let arguments = ["serve", "--issuer", issuer, "--trusted-proxy", "127.0.0.1"];
    let mut command = home.command(&arguments);
    command.env("RUST_LOG", "info");
    let server = Server::start(command);
    (home, server)
}

/// An answer to curl: its head in lower case, and its body.
struct Answer {
    head: String,
    body: String,
}

impl Answer {
    /// The values of a header.
    fn all(&self, name: &str) -> Vec<&str> {
        let values = self.head.lines().filter_map(|line| line.split_once(": "));
        values.filter(|(found, _)| *found == name).map(|(_, value)| value).collect()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.head, self.body))
    }
}

/// The block of a language after a heading or sentence of OPERATIONS.md, for a server at an address.
fn site(after: &str, language: &str, server: &Server) -> String {
    block(&text("docs/OPERATIONS.md"), after, language).replace("127.0.0.1:8000", &server.address.to_string())
}

/// Asks the proxy over TLS, from an address of the machine that is not a proxy's.
fn curl(proxy: &Proxy, path: &str, arguments: &[&str]) -> Answer {
    let port = proxy.address.port();
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--show-error", "--include", "--http1.1", "--interface", "127.0.0.2"])
        .args(["--resolve", &format!("{HOST}:{port}:127.0.0.1"), "--cacert"])
        .arg(proxy.certificate())
        .args(arguments)
        .arg(format!("https://{HOST}:{port}{path}"));
    let printed = finish(&mut command, "").ok();
    let (head, body) = printed.split_once("\r\n\r\n").unwrap();
    Answer { head: head.to_lowercase(), body: body.to_owned() }
}

/// What a proxy's configuration must do.
fn assert_that_it_serves(proxy: &Proxy, server: &Server) {
    let discovery = curl(proxy, "/.well-known/oauth-authorization-server", &[]);
    assert_eq!(discovery.json()["issuer"], "https://login.example.com");
    assert_eq!(discovery.all("strict-transport-security"), ["max-age=31536000"]);

    let user = r#"{"email": "alice@example.com", "username": "alice", "password": "correct horse battery"}"#;
    let registered = curl(proxy, "/users/", &["--header", "content-type: application/json", "--data", user]);
    assert_eq!(registered.json()["username"], "alice");
    let form = "username=alice&password=correct+horse+battery";
    // What a client says about its address is not believed.
    let lies = ["--header", "x-forwarded-for: 203.0.113.9", "--header", "forwarded: for=203.0.113.9"];
    let tokens = curl(proxy, "/token", &[&lies[..], &["--data", form]].concat());
    let access = tokens.json()["access_token"].as_str().unwrap().to_owned();
    let me = curl(proxy, "/users/me", &["--header", &format!("authorization: Bearer {access}")]);
    assert_eq!(me.json()["email"], "alice@example.com");
    assert!(curl(proxy, "/docs", &[]).head.starts_with("http/1.1 200"));

    test_server::wait_until("the login is logged", || server.log().contains(r#"path="/token""#));
    let log = server.log();
    let line = log.lines().find(|line| line.contains(r#"path="/token""#)).unwrap();
    assert!(line.contains("ip=127.0.0.2"), "{line}");
}

#[test]
#[cfg_attr(not(feature = "proxy-tests"), ignore = "it takes nginx, OpenSSL and curl")]
fn nginx_as_configured_in_the_documentation() {
    let (_home, server) = server("https://login.example.com");
    let site = site("## Behind a proxy", "nginx", &server);

    let proxy = Proxy::nginx(HOST, |port, directory| {
        let directory = directory.display();
        site.replace("listen 443", &format!("listen 127.0.0.1:{port}"))
            // Port 80 and IPv6 are not for tests.
            .replace("listen 80;", &format!("listen unix:{directory}/plain.sock;"))
            .replace("    listen [::]:80;\n", "")
            .replace("    listen [::]:443 ssl http2;\n", "")
            .replace(
                "/etc/letsencrypt/live/login.example.com/fullchain.pem",
                &format!("{directory}/cert.pem"),
            )
            .replace("/etc/letsencrypt/live/login.example.com/privkey.pem", &format!("{directory}/key.pem"))
    });

    assert_that_it_serves(&proxy, &server);
}

#[test]
#[cfg_attr(not(feature = "proxy-tests"), ignore = "it takes Caddy, OpenSSL and curl")]
fn caddy_as_configured_in_the_documentation() {
    let (_home, server) = server("https://login.example.com");
    let site = site("## Behind a proxy", "caddyfile", &server);

    let proxy = Proxy::caddy(HOST, |port, directory| caddyfile(&site, "login.example.com", port, directory));

    assert_that_it_serves(&proxy, &server);
}

/// A Caddyfile with a site of the documentation, at a port and with a certificate of the test.
fn caddyfile(site: &str, name: &str, port: u16, directory: &Path) -> String {
    let directory = directory.display();
    let tls = format!("{HOST}:{port} {{\n\ttls {directory}/cert.pem {directory}/key.pem\n");
    let site = site.replace(&format!("{name} {{\n"), &tls);
    format!("{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{site}\n")
}

/// What must be so of an issuer below a path.
fn assert_that_it_serves_below_a_path(proxy: &Proxy) {
    for path in
        ["/.well-known/oauth-authorization-server/auth", "/auth/.well-known/oauth-authorization-server"]
    {
        let discovery = curl(proxy, path, &[]).json();
        assert_eq!(discovery["issuer"], "https://app.example.com/auth", "{path}");
        assert_eq!(discovery["token_endpoint"], "https://app.example.com/auth/token", "{path}");
    }
    assert_eq!(curl(proxy, "/auth/", &[]).all("location"), ["/auth/docs"]);
    // What a client says about the path is not believed.
    let lie = ["--header", "x-forwarded-prefix: //evil.example"];
    assert_eq!(curl(proxy, "/auth/", &lie).all("location"), ["/auth/docs"]);
    let bare = curl(proxy, "/auth", &[]);
    assert!(bare.all("location")[0].ends_with("/auth/"), "{}", bare.head);
    for beside in ["/authx/docs", "/docs", "/auth/%2e%2e/docs", "/auth%2f..%2fdocs"] {
        let answer = curl(proxy, beside, &["--path-as-is"]);
        assert!(!answer.body.contains("swagger-ui"), "{beside}: {} {}", answer.head, answer.body);
    }

    let page = curl(proxy, "/auth/docs", &[]).body;
    let parts: Vec<_> = page.split(['"', '\'']).filter(|part| part.starts_with('/')).collect();
    assert_eq!(parts.len(), 6, "{page}");
    for part in parts {
        assert!(curl(proxy, part, &["--head"]).head.starts_with("http/1.1 200"), "{part}");
    }
    let initializer = curl(proxy, "/auth/docs/swagger-initializer.js", &[]).body;
    assert!(initializer.contains("\"/auth/openapi.json\""), "{initializer}");
    let document = curl(proxy, "/auth/openapi.json", &[]).json();
    assert_eq!(document["servers"][0]["url"], "/auth");
    let flow = &document["components"]["securitySchemes"]["password"]["flows"]["password"];
    assert_eq!(flow["tokenUrl"], "/auth/token");

    let user = r#"{"email": "bob@example.com", "username": "bob", "password": "correct horse battery"}"#;
    let registered =
        curl(proxy, "/auth/users/", &["--header", "content-type: application/json", "--data", user]);
    assert_eq!(registered.all("location"), ["/auth/users/1"]);
    let form = "username=bob&password=correct+horse+battery";
    let tokens = curl(proxy, "/auth/token", &["--data", form]).json();
    let bearer = format!("authorization: Bearer {}", tokens["access_token"].as_str().unwrap());
    assert_eq!(curl(proxy, "/auth/users/me", &["--header", &bearer]).json()["username"], "bob");
}

#[test]
#[cfg_attr(not(feature = "proxy-tests"), ignore = "it takes nginx, OpenSSL and curl")]
fn nginx_below_a_path() {
    let (_home, server) = server("https://app.example.com/auth");
    let locations = site("**Below a path**", "nginx", &server);

    let proxy = Proxy::nginx(HOST, |port, _| {
        let tls = "ssl_certificate cert.pem; ssl_certificate_key key.pem;";
        format!("server {{ listen 127.0.0.1:{port} ssl; {tls} {locations} }}")
    });

    assert_that_it_serves_below_a_path(&proxy);
}

#[test]
#[cfg_attr(not(feature = "proxy-tests"), ignore = "it takes Caddy, OpenSSL and curl")]
fn caddy_below_a_path() {
    let (_home, server) = server("https://app.example.com/auth");
    let site = site("**Below a path**", "caddyfile", &server);

    let proxy = Proxy::caddy(HOST, |port, directory| caddyfile(&site, "app.example.com", port, directory));

    assert_that_it_serves_below_a_path(&proxy);
}
