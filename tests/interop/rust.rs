//! Rust's clients, unmodified, against the real server: `oauth2` logs in, refreshes and revokes;
//! `jsonwebtoken` verifies by the published keys. Those of other languages are in this directory
//! too, and scripts/test-interop runs them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use oauth2::{
    AccessToken, ClientId, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, RequestTokenError,
    ResourceOwnerPassword, ResourceOwnerUsername, RevocationUrl, Scope, TokenResponse, TokenUrl,
    basic::{BasicClient, BasicErrorResponseType},
    http,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse battery";

/// What HS256 signs with, and whoever verifies must have.
const SECRET: &str = "Yb0tT9cH4v7mKqz1R2uE5xWgLd8sAfPjN6yZoXiVhCQ";

const AUDIENCE: &str = "http://orders.test";

/// A server on a database of its own.
struct Server {
    url: String,
    process: Child,
    _directory: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts a server with one user, alice.
    async fn start(algorithm: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .args(["--listen", "127.0.0.1:0", "--database", "test.db", "--bcrypt-cost", "4"])
            .args(["--algorithm", algorithm, "--audience", AUDIENCE])
            .envs((algorithm == "HS256").then_some(("SEKISHO_SECRET_KEY", SECRET)))
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_default().to_owned();
        let server = Self { url, process, _directory: directory };
        let alice = json!({ "email": "alice@example.com", "username": "alice", "password": PASSWORD });
        let url = format!("{}/users/", server.url);
        let response = awc::Client::default().post(url).send_json(&alice).await.unwrap();
        assert_eq!(response.status(), 201);
        server
    }

    async fn json(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.url);
        awc::Client::default().get(url).send().await.unwrap().json().await.unwrap()
    }

    /// The status of `GET /users/me`.
    async fn me(&self, token: &AccessToken) -> u16 {
        let request = awc::Client::default().get(format!("{}/users/me", self.url));
        request.bearer_auth(token.secret()).send().await.unwrap().status().as_u16()
    }
}

/// What carries `oauth2`'s requests. It insists on TLS for a revocation, which a proxy would end.
async fn carry(request: HttpRequest) -> Result<HttpResponse, std::io::Error> {
    let url = request.uri().to_string().replace("https://", "http://");
    let mut outgoing = awc::Client::default().post(url);
    for (name, value) in request.headers() {
        outgoing = outgoing.insert_header((name.as_str(), value.as_bytes()));
    }
    let mut incoming = outgoing.send_body(request.into_body()).await.unwrap();
    let mut response = http::Response::builder().status(incoming.status().as_u16());
    for (name, value) in incoming.headers() {
        response = response.header(name.as_str(), value.as_bytes());
    }
    Ok(response.body(incoming.body().await.unwrap().to_vec()).unwrap())
}

type Discovered = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointSet>;

/// A client of the endpoints that the server's own document names (RFC 8414).
async fn discover(server: &Server) -> Discovered {
    let metadata = server.json("/.well-known/oauth-authorization-server").await;
    let endpoint = |name: &str| metadata.get(name).and_then(Value::as_str).unwrap().to_owned();
    let revocation = endpoint("revocation_endpoint").replace("http://", "https://");
    BasicClient::new(ClientId::new("any".to_owned()))
        .set_token_uri(TokenUrl::new(endpoint("token_endpoint")).unwrap())
        .set_revocation_url(RevocationUrl::new(revocation).unwrap())
}

#[actix::test]
async fn oauth2_logs_in_refreshes_and_revokes() {
    let server = Server::start("ES256").await;
    let client = discover(&server).await;
    let (name, password) =
        (ResourceOwnerUsername::new("alice".to_owned()), ResourceOwnerPassword::new(PASSWORD.to_owned()));

    let exchange = client.exchange_password(&name, &password).add_scope(Scope::new("user".to_owned()));
    let first = exchange.request_async(&carry).await.unwrap();
    let exchange = client.exchange_refresh_token(first.refresh_token().unwrap());
    let second = exchange.request_async(&carry).await.unwrap();
    let before = (server.me(first.access_token()).await, server.me(second.access_token()).await);
    let revoke = client.revoke_token(second.refresh_token().unwrap().into()).unwrap();
    revoke.request_async(&carry).await.unwrap();
    let after = (server.me(first.access_token()).await, server.me(second.access_token()).await);

    assert_ne!(first.refresh_token().unwrap().secret(), second.refresh_token().unwrap().secret());
    assert_eq!(second.scopes(), Some(&vec![Scope::new("user".to_owned())]));
    assert!(first.expires_in().is_some());
    assert_eq!(before, (200, 200));
    assert_eq!(after, (401, 401));
}

#[actix::test]
async fn oauth2_understands_that_a_password_is_wrong() {
    let server = Server::start("ES256").await;
    let client = discover(&server).await;
    let name = ResourceOwnerUsername::new("alice".to_owned());
    let password = ResourceOwnerPassword::new("not the password".to_owned());

    let refused = client.exchange_password(&name, &password).request_async(&carry).await;

    let Err(RequestTokenError::ServerResponse(error)) = refused else { panic!("{refused:?}") };
    assert_eq!(error.error(), &BasicErrorResponseType::InvalidGrant);
    assert_eq!(error.error_description().unwrap(), "Incorrect username or password");
}

#[actix::test]
async fn jsonwebtoken_verifies_by_the_shared_secret() {
    let server = Server::start("HS256").await;
    let client = discover(&server).await;
    let name = ResourceOwnerUsername::new("alice".to_owned());
    let password = ResourceOwnerPassword::new(PASSWORD.to_owned());
    let tokens = client.exchange_password(&name, &password).request_async(&carry).await.unwrap();
    let token = tokens.access_token().secret();
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[&server.url]);
    validation.set_audience(&[AUDIENCE]);

    let by = |secret: &str| decode::<Value>(token, &DecodingKey::from_secret(secret.as_bytes()), &validation);

    assert_eq!(by(SECRET).unwrap().claims.get("sub").unwrap(), "alice");
    assert!(by("another secret of thirty-two bytes or more").is_err());
    let keys = server.json("/.well-known/jwks.json").await;
    assert_eq!(keys, json!({ "keys": [] }), "a shared secret is not published");
}

#[actix::test]
async fn jsonwebtoken_verifies_by_the_published_keys() {
    for (name, algorithm) in
        [("ES256", Algorithm::ES256), ("RS256", Algorithm::RS256), ("EdDSA", Algorithm::EdDSA)]
    {
        let server = Server::start(name).await;
        let client = discover(&server).await;
        let (username, password) =
            (ResourceOwnerUsername::new("alice".to_owned()), ResourceOwnerPassword::new(PASSWORD.to_owned()));
        let tokens = client.exchange_password(&username, &password).request_async(&carry).await.unwrap();
        let token = tokens.access_token().secret();

        let keys: JwkSet = serde_json::from_value(server.json("/.well-known/jwks.json").await).unwrap();
        let key = keys.find(&decode_header(token).unwrap().kid.unwrap()).unwrap();
        let key = DecodingKey::from_jwk(key).unwrap();
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&server.url]);
        validation.set_audience(&[AUDIENCE]);
        let claims = decode::<Value>(token, &key, &validation).unwrap().claims;
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        let tampered = format!("{signed}.{first}{}", signature.split_at(1).1);

        assert_eq!(claims.get("sub").unwrap(), "alice", "{name}");
        assert!(decode::<Value>(&tampered, &key, &validation).is_err(), "{name}");
    }
}
