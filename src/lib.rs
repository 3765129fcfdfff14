//! Sekisho (関所, the checkpoint on the road) is an authentication service: accounts, passwords,
//! sessions and tokens for an API, in one binary over one SQLite file. This is its library: what the
//! binary is made of, and what an application embeds.
//!
//! Every use case is a message to an actor. HTTP sends these messages, and so can a program:
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
//! config.password.bcrypt_cost = 4; // the cheapest hash, so that this example takes no time
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
//! Each module may use those above it in this table, and none below.
//!
//! | module | what it holds |
//! |---|---|
//! | [`domain`] | parsed values and the rules that decide; no I/O |
//! | [`config`] | the settings: flags, environment and their defaults |
//! | [`actors`] | the work, and the messages that ask for it |
//! | [`http`] | requests to messages, answers to responses |
//! | [`app`] | starting and ending it all |
//! | [`cli`] | the commands |
//!
//! # A request's way
//!
//! `GET /users/me`, as an example:
//!
//! 1. A worker of actix-web takes the request. [`http::Observe`] gives it an id and measures it.
//! 2. The handler reads the bearer token into an [`Authenticate`](actors::account::Authenticate) and
//!    sends it with [`Handle::ask`](actors::Handle::ask) to its worker's
//!    [`AccountActor`](actors::account::AccountActor), which has the use cases. A handler does nothing else.
//! 3. The use case asks the [`TokenActor`](actors::token::TokenActor) of the same thread to
//!    [verify the token](actors::token::VerifyAccessToken).
//! 4. It asks the one [`DbActor`](actors::db::sqlite::DbActor) whether the session lives and the user is enabled
//!    ([`FindActiveUsers`](actors::db::FindActiveUsers)). A [`Coalescer`](actors::account::Coalescer) sends
//!    one such message for all requests that wait in this worker.
//! 5. The [`Caller`](actors::account::Caller) goes back to the handler, which renders the user. An error
//!    becomes a status and a body in one place, `http::wire`.
//!
//! # Where to start reading
//!
//! 1. [`LogIn`](actors::account::LogIn), a use case: what is asked of which actor, in which order.
//! 2. [`OpenSession`](actors::db::OpenSession), a message to the database. Its SQL stands in [`sqlite`](actors::db::sqlite).
//! 3. [`RefreshChain`](domain::RefreshChain), a rule without I/O: what a presented refresh token is.
//! 4. [`http::configure`], every route.
//! 5. [`Sekisho::start`](app::Sekisho::start), how the actors come to know each other.
//!
//! `docs/ARCHITECTURE.md` in the repository has the map, drawn, and what always holds; `docs/decisions` has
//! the reasons.
//!
//! # Embedding
//!
//! [`Sekisho::configure`](app::Sekisho::configure) adds the routes to your own actix-web application.
//! [`CurrentUser`](http::CurrentUser) and [`CurrentAdmin`](http::CurrentAdmin) are extractors for your own
//! handlers. `examples/embed.rs` shows an application as a whole, `examples/messages.rs` one without HTTP.

pub mod actors;
pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod http;
mod metrics;
