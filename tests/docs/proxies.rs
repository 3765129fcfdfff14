//! The proxies of OPERATIONS.md, with their configuration as it stands there, in front of a server. Only the
//! ports and the certificate differ.

use std::process::Command;

use serde_json::Value;
use test_server::{Proxy, Server, finish};

use crate::support::{block, home, text};

const HOST: &str = "login.example.com";

fn server() -> (test_server::Home, Server) {
    let home = home();
    let arguments = ["serve", "--issuer", "https://login.example.com", "--trusted-proxy", "127.0.0.1"];
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
    let operations = text("docs/OPERATIONS.md");
    let site = block(&operations, "## Behind a proxy", "nginx");
    let (_home, server) = server();

    let proxy = Proxy::nginx(HOST, |port, directory| {
        let directory = directory.display();
        site.replace("127.0.0.1:8000", &server.address.to_string())
            .replace("listen 443", &format!("listen 127.0.0.1:{port}"))
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
    let operations = text("docs/OPERATIONS.md");
    let site = block(&operations, "## Behind a proxy", "caddyfile");
    let (_home, server) = server();

    let proxy = Proxy::caddy(HOST, |port, directory| {
        let directory = directory.display();
        // The certificate is ours instead of a public authority's.
        let options = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n";
        let tls = format!("{HOST}:{port} {{\n\ttls {directory}/cert.pem {directory}/key.pem\n");
        let site = site.replace("login.example.com {\n", &tls);
        format!("{options}{}\n", site.replace("127.0.0.1:8000", &server.address.to_string()))
    });

    assert_that_it_serves(&proxy, &server);
}
