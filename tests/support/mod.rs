//! A Sekisho for tests: with a real file in a temporary directory, a manual clock and a real socket.

pub mod contract;
pub mod wire;

use std::{net::SocketAddr, time::Duration};

use actix_web::http::{Method, StatusCode, header::HeaderMap};
use sekisho::{
    actors::db::{Answerable, DbError},
    app::{Application, ConnectionLimits, Overrides, Sekisho},
    config::{Config, Database},
    domain::{Clock, Context, Timestamp},
};
use serde_json::Value;
use tempfile::TempDir;

/// The time at which tests begin: 2026-11-22T07:15:00Z.
pub const START: Timestamp = Timestamp::from_millis(1_795_331_700_000);

pub const PASSWORD: &str = "correct horse battery";

/// A configuration for tests: a database in `directory`, any free port, the cheapest hash.
pub fn config(directory: &TempDir) -> Config {
    let mut config = Config::default();
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.server.workers = std::num::NonZeroU16::new(2);
    config.database.location = Database::File(directory.path().join("test.db"));
    config.password.bcrypt_cost = 4;
    config
}

/// A complete server.
pub struct TestApp {
    pub address: SocketAddr,
    pub metrics_address: Option<SocketAddr>,
    pub sekisho: Sekisho,
    pub clock: Clock,
    pub contract: contract::Contract,
    _directory: TempDir,
    client: awc::Client,
}

/// An answer of the server.
#[derive(Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Response {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A pair of tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

impl Tokens {
    pub fn of(answer: &Response) -> Self {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let json = answer.json();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(adjust: impl FnOnce(&mut Config)) -> Self {
        Self::start_limited(ConnectionLimits::default(), adjust).await
    }

    /// A server with other limits on connections.
    pub async fn start_limited(connections: ConnectionLimits, adjust: impl FnOnce(&mut Config)) -> Self {
        let directory = TempDir::new().unwrap();
        let mut config = config(&directory);
        adjust(&mut config);
        let contract = contract::Contract::of(&config);
        let clock = Clock::manual(START);
        let overrides = Overrides { clock: clock.clone(), connections, ..Overrides::default() };
        let application = Application::build(config, overrides).await.unwrap();
        let (address, sekisho) = (application.address(), application.sekisho().clone());
        let metrics_address = application.metrics_address();
        actix_web::rt::spawn(application.run());
        let client = awc::Client::builder().timeout(Duration::from_mins(1)).disable_redirects().finish();
        Self { address, metrics_address, sekisho, clock, contract, _directory: directory, client }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Reads an answer, and checks it against what every answer promises.
    async fn finish(
        &self,
        method: &Method,
        path: &str,
        response: Result<
            awc::ClientResponse<
                impl futures_util::Stream<Item = Result<actix_web::web::Bytes, awc::error::PayloadError>> + Unpin,
            >,
            awc::error::SendRequestError,
        >,
    ) -> Response {
        let mut response = response.unwrap();
        let body = response.body().limit(16 * 1024 * 1024).await.unwrap();
        let answer = Response {
            status: response.status(),
            headers: response.headers().clone(),
            body: String::from_utf8(body.to_vec()).unwrap(),
        };
        self.contract.check(method, path, &answer);
        answer
    }

    fn request(&self, method: Method, path: &str, token: Option<&str>) -> awc::ClientRequest {
        let request = self.client.request(method, self.url(path));
        match token {
            Some(token) => request.insert_header(("authorization", format!("Bearer {token}"))),
            None => request,
        }
    }

    /// A request without a body.
    pub async fn send(&self, method: Method, path: &str, token: Option<&str>) -> Response {
        self.finish(&method, path, self.request(method.clone(), path, token).send().await).await
    }

    /// A request with a JSON body.
    pub async fn send_json(&self, method: Method, path: &str, token: Option<&str>, body: &Value) -> Response {
        self.finish(&method, path, self.request(method.clone(), path, token).send_json(body).await).await
    }

    /// A request with a body of any type and further headers.
    pub async fn send_body(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Response {
        let mut request = self.client.request(method.clone(), self.url(path));
        for (name, value) in headers {
            request = request.append_header((*name, *value));
        }
        self.finish(&method, path, request.send_body(body.into()).await).await
    }

    pub async fn get(&self, path: &str, token: Option<&str>) -> Response {
        self.send(Method::GET, path, token).await
    }

    /// The value of a series in the metrics, which must be enabled; zero if it has not begun. Metrics belong
    /// to the process, so another test's server may add to them.
    pub async fn figure(&self, series: &str) -> f64 {
        let url = format!("http://{}/metrics", self.metrics_address.unwrap());
        let page = self.client.get(url).send().await.unwrap().body().limit(1 << 24).await.unwrap();
        let page = std::str::from_utf8(&page).unwrap();
        let figure = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        figure.map_or(0.0, |figure| figure.parse().unwrap())
    }

    /// A request with a form, as OAuth clients send it.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.finish(&Method::POST, path, self.client.post(self.url(path)).send_form(&fields).await).await
    }

    /// Registers a user with [`PASSWORD`] and `NAME@example.com`.
    pub async fn register(&self, name: &str) -> Response {
        let body = serde_json::json!({
            "email": format!("{name}@example.com"), "username": name, "password": PASSWORD,
        });
        self.send_json(Method::POST, "/users/", None, &body).await
    }

    /// Logs in with any password.
    pub async fn try_log_in(&self, name: &str, password: &str) -> Response {
        self.form("/token", &[("username", name), ("password", password)]).await
    }

    /// Logs in with [`PASSWORD`].
    pub async fn log_in(&self, name: &str) -> Tokens {
        Tokens::of(&self.try_log_in(name, PASSWORD).await)
    }

    /// Registers a user and logs them in.
    pub async fn newcomer(&self, name: &str) -> Tokens {
        let answer = self.register(name).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        self.log_in(name).await
    }

    /// Logs in with [`PASSWORD`] and asks for a scope by name.
    pub async fn log_in_for(&self, name: &str, scope: &str) -> Tokens {
        let fields = [("username", name), ("password", PASSWORD), ("scope", scope)];
        Tokens::of(&self.form("/token", &fields).await)
    }

    /// Creates an administrator by message, because no request can, and logs them in with every scope.
    pub async fn administrator(&self, name: &str) -> Tokens {
        use sekisho::{
            actors::account::AddUser,
            domain::{Email, Password, RequestOrigin, Role, Username},
        };
        let password = Config::default().password.policy().accept(Password::new(PASSWORD.to_owned()), &[]);
        let add = AddUser {
            email: Email::parse(&format!("{name}@example.com")).unwrap(),
            username: Username::parse(name).unwrap(),
            password: password.unwrap(),
            role: Role::Admin,
            origin: RequestOrigin::default(),
        };
        self.sekisho.accounts().ask(add).await.unwrap();
        self.log_in_for(name, "user admin").await
    }

    pub async fn refresh(&self, token: &str) -> Response {
        self.form("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub async fn me(&self, token: &str) -> Response {
        self.get("/users/me", Some(token)).await
    }

    /// A POST with a JSON body.
    pub async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Response {
        self.send_json(Method::POST, path, token, body).await
    }

    /// A PATCH with a JSON body.
    pub async fn patch(&self, path: &str, token: Option<&str>, body: &Value) -> Response {
        self.send_json(Method::PATCH, path, token, body).await
    }

    /// A DELETE without a body.
    pub async fn delete(&self, path: &str, token: Option<&str>) -> Response {
        self.send(Method::DELETE, path, token).await
    }

    /// A request without a body, with further headers.
    pub async fn send_with(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.request(method.clone(), self.url(path));
        for (name, value) in headers {
            request = request.append_header((*name, *value));
        }
        self.finish(&method, path, request.send().await).await
    }

    /// The number of the user that the token belongs to.
    pub async fn id_of(&self, token: &str) -> i64 {
        self.me(token).await.json()["id"].as_i64().unwrap()
    }

    /// Sends a message to the database, now.
    pub async fn ask_db<M: Answerable>(&self, message: M) -> Result<M::Answer, DbError> {
        self.sekisho.db().ask(message, &Context::system(self.clock.now())).await
    }

    /// The sessions of the user that the token belongs to, the newest first.
    pub async fn sessions(&self, token: &str) -> Vec<Value> {
        let answer = self.get("/users/me/sessions", Some(token)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()["items"].as_array().unwrap().clone()
    }
}

/// Polls until a condition holds; panics if it does not within ten seconds.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while !is_so().await {
        assert!(std::time::Instant::now() < deadline, "not within ten seconds: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
