//! Sekisho (関所, the checkpoint on the road) is an authentication service: accounts, passwords,
//! sessions and tokens for an API, in one binary with one SQLite file. This library is everything in that
//! binary, and applications can embed it.
//!
//! Every use case is a message to an actor. HTTP handlers send these messages, and so can a program:
//!
//! ```
//! use sekisho::{
//!     actors::account::{Authenticate, LogIn, Register},
//!     app::{Overrides, Sekisho},
//!     config::{Config, Database},
//!     domain::{Email, Password, RequestOrigin, Scope, Username},
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # actix::System::new().block_on(async {
//! let mut config = Config::default();
//! config.database.location = Database::Memory;
//! config.password.bcrypt_cost = 4; // the cheapest hash, so that this example is quick
//! let sekisho = Sekisho::start(config, "http://localhost:8000", Overrides::default()).await?;
//! let accounts = sekisho.accounts();
//!
//! let password = || Password::new("correct horse battery".to_owned());
//! let register = Register {
//!     email: Email::parse("alice@example.com")?,
//!     username: Username::parse("alice")?,
//!     password: sekisho.password_policy().accept(password(), &["alice"])?,
//!     origin: RequestOrigin::default(),
//! };
//! let alice = accounts.ask(register).await?;
//!
//! let log_in = LogIn {
//!     name: "alice@example.com".to_owned(),
//!     password: password(),
//!     scope: Scope::default(),
//!     origin: RequestOrigin::default(),
//! };
//! let tokens = accounts.ask(log_in).await?;
//!
//! let caller = accounts.ask(Authenticate { token: tokens.access_token }).await?;
//! assert_eq!(caller.user, alice);
//! sekisho.close().await?;
//! # Ok(()) })
//! # }
//! ```
//!
//! # The layers
//!
//! Each module may use the modules above it in this table, and none below it.
//!
//! | module | what it holds |
//! |---|---|
//! | [`domain`] | parsed values and the rules that decide; no I/O |
//! | [`config`] | the settings: flags, environment and their defaults |
//! | [`actors`] | the work, and the messages that ask for it |
//! | [`http`] | turns requests into messages, and answers into responses |
//! | [`app`] | starts everything, and shuts it down |
//! | [`cli`] | the commands |
//!
//! # The path of a request
//!
//! `GET /users/me`, as an example:
//!
//! 1. A worker of actix-web receives the request. [`http::Observe`] gives it an id and measures it.
//! 2. The handler reads the bearer token into an [`Authenticate`](actors::account::Authenticate) and
//!    sends it with [`Handle::ask`](actors::Handle::ask) to its worker's
//!    [`AccountActor`](actors::account::AccountActor), which runs the use cases. A handler does nothing else.
//! 3. The use case asks the [`TokenActor`](actors::token::TokenActor) of the same thread to
//!    [verify the token](actors::token::VerifyAccessToken).
//! 4. It asks the one [`DbActor`](actors::db::sqlite::DbActor) whether the session is alive and the user enabled
//!    ([`FindActiveUsers`](actors::db::FindActiveUsers)). A [`Coalescer`](actors::account::Coalescer) sends
//!    one such message for all requests that wait in this worker.
//! 5. The [`Caller`](actors::account::Caller) goes back to the handler, which renders the user. An error
//!    becomes a status and a body in one place, `http::wire`.
//!
//! # Where to start reading
//!
//! 1. [`LogIn`](actors::account::LogIn), a use case: which actor gets which message, in which order.
//! 2. [`OpenSession`](actors::db::OpenSession), a message to the database. Its SQL is in
//!    [`sqlite`](actors::db::sqlite).
//! 3. [`RefreshChain`](domain::RefreshChain), a rule without I/O: whether a presented refresh token is current, a retry
//!    or stolen.
//! 4. [`http::configure`], the routes.
//! 5. [`Sekisho::start`](app::Sekisho::start), which connects the actors.
//!
//! `docs/ARCHITECTURE.md` in the repository has diagrams and the invariants; `docs/decisions` has the reasons.
//!
//! # Embedding
//!
//! [`Sekisho::configure`](app::Sekisho::configure) adds the routes to your own actix-web application.
//! [`CurrentUser`](http::CurrentUser) and [`CurrentAdmin`](http::CurrentAdmin) are extractors for your own
//! handlers. `examples/embed.rs` is a complete application, `examples/messages.rs` one without HTTP.

pub mod actors;
pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod http;
mod metrics;
