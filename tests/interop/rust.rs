//! Unmodified Rust clients against the real server: `oauth2` logs in, refreshes and revokes; `jsonwebtoken`
//! verifies with the published keys. Clients in other languages are in this directory too, and
//! scripts/test-interop runs them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use oauth2::{
    AccessToken, ClientId, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, RequestTokenError,
    ResourceOwnerPassword, ResourceOwnerUsername, RevocationUrl, Scope, TokenResponse, TokenUrl,
    basic::{BasicClient, BasicErrorResponseType},
    http,
};
use serde_json::{Value, json};
use test_server::{Home, PASSWORD};

/// The HS256 key, which every verifier must have.
const SECRET: &str = "Yb0tT9cH4v7mKqz1R2uE5xWgLd8sAfPjN6yZoXiVhCQ";

const AUDIENCE: &str = "http://orders.test";

/// A server on a separate database.
struct Server {
    process: test_server::Server,
    _home: Home,
}

impl Server {
    /// Starts a server with one user, alice.
    fn start(algorithm: &str) -> Self {
        let home = Home::new(env!("CARGO_BIN_EXE_sekisho"));
        let mut command = home.command(&["serve", "--algorithm", algorithm, "--audience", AUDIENCE]);
        command.envs((algorithm == "HS256").then_some(("SEKISHO_SECRET_KEY", SECRET)));
        let process = test_server::Server::start(command);
        process.register("alice").expect(201);
        Self { process, _home: home }
    }

    fn json(&self, path: &str) -> Value {
        self.process.get(path).expect(200).json()
    }

    /// The status of `GET /users/me`.
    fn me(&self, token: &AccessToken) -> u16 {
        self.process.as_user(token.secret(), "GET", "/users/me").status
    }
}

/// Sends the requests of `oauth2`. It insists on TLS for a revocation, which a proxy would end.
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

/// A client of the endpoints in the server's discovery document (RFC 8414).
fn discover(server: &Server) -> Discovered {
    let metadata = server.json("/.well-known/oauth-authorization-server");
    let endpoint = |name: &str| metadata.get(name).and_then(Value::as_str).unwrap().to_owned();
    let revocation = endpoint("revocation_endpoint").replace("http://", "https://");
    BasicClient::new(ClientId::new("any".to_owned()))
        .set_token_uri(TokenUrl::new(endpoint("token_endpoint")).unwrap())
        .set_revocation_url(RevocationUrl::new(revocation).unwrap())
}

#[actix::test]
async fn oauth2_logs_in_refreshes_and_revokes() {
    let server = Server::start("ES256");
    let client = discover(&server);
    let (name, password) =
        (ResourceOwnerUsername::new("alice".to_owned()), ResourceOwnerPassword::new(PASSWORD.to_owned()));

    let exchange = client.exchange_password(&name, &password).add_scope(Scope::new("user".to_owned()));
    let first = exchange.request_async(&carry).await.unwrap();
    let exchange = client.exchange_refresh_token(first.refresh_token().unwrap());
    let second = exchange.request_async(&carry).await.unwrap();
    let before = (server.me(first.access_token()), server.me(second.access_token()));
    let revoke = client.revoke_token(second.refresh_token().unwrap().into()).unwrap();
    revoke.request_async(&carry).await.unwrap();
    let after = (server.me(first.access_token()), server.me(second.access_token()));

    assert_ne!(first.refresh_token().unwrap().secret(), second.refresh_token().unwrap().secret());
    assert_eq!(second.scopes(), Some(&vec![Scope::new("user".to_owned())]));
    assert!(first.expires_in().is_some());
    assert_eq!(before, (200, 200));
    assert_eq!(after, (401, 401));
}

#[actix::test]
async fn oauth2_understands_that_a_password_is_wrong() {
    let server = Server::start("ES256");
    let client = discover(&server);
    let name = ResourceOwnerUsername::new("alice".to_owned());
    let password = ResourceOwnerPassword::new("not the password".to_owned());

    let refused = client.exchange_password(&name, &password).request_async(&carry).await;

    let Err(RequestTokenError::ServerResponse(error)) = refused else { panic!("{refused:?}") };
    assert_eq!(error.error(), &BasicErrorResponseType::InvalidGrant);
    assert_eq!(error.error_description().unwrap(), "Incorrect username or password");
}

#[actix::test]
async fn jsonwebtoken_verifies_by_the_shared_secret() {
    let server = Server::start("HS256");
    let client = discover(&server);
    let name = ResourceOwnerUsername::new("alice".to_owned());
    let password = ResourceOwnerPassword::new(PASSWORD.to_owned());
    let tokens = client.exchange_password(&name, &password).request_async(&carry).await.unwrap();
    let token = tokens.access_token().secret();
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[server.process.url()]);
    validation.set_audience(&[AUDIENCE]);

    let by = |secret: &str| decode::<Value>(token, &DecodingKey::from_secret(secret.as_bytes()), &validation);

    assert_eq!(by(SECRET).unwrap().claims.get("sub").unwrap(), "alice");
    assert!(by("another secret of thirty-two bytes or more").is_err());
    let keys = server.json("/.well-known/jwks.json");
    assert_eq!(keys, json!({ "keys": [] }), "a shared secret is not published");
}

#[actix::test]
async fn jsonwebtoken_verifies_by_the_published_keys() {
    for (name, algorithm) in
        [("ES256", Algorithm::ES256), ("RS256", Algorithm::RS256), ("EdDSA", Algorithm::EdDSA)]
    {
        let server = Server::start(name);
        let client = discover(&server);
        let (username, password) =
            (ResourceOwnerUsername::new("alice".to_owned()), ResourceOwnerPassword::new(PASSWORD.to_owned()));
        let tokens = client.exchange_password(&username, &password).request_async(&carry).await.unwrap();
        let token = tokens.access_token().secret();

        let keys: JwkSet = serde_json::from_value(server.json("/.well-known/jwks.json")).unwrap();
        let key = keys.find(&decode_header(token).unwrap().kid.unwrap()).unwrap();
        let key = DecodingKey::from_jwk(key).unwrap();
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[server.process.url()]);
        validation.set_audience(&[AUDIENCE]);
        let claims = decode::<Value>(token, &key, &validation).unwrap().claims;
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        let tampered = format!("{signed}.{first}{}", signature.split_at(1).1);

        assert_eq!(claims.get("sub").unwrap(), "alice", "{name}");
        assert!(decode::<Value>(&tampered, &key, &validation).is_err(), "{name}");
    }
}
