//! Sekisho without HTTP: a user registers, logs in, is recognised, refreshes and logs out, all by
//! messages.
//!
//! `cargo run --example messages`

use std::error::Error;

use sekisho::{
    actors::account::{Authenticate, LogIn, LogOut, Refresh, Register},
    app::{Overrides, Sekisho},
    config::{Config, Database},
    domain::{Email, Password, RequestOrigin, Scope, Username},
};

#[actix::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut config = Config::default();
    // A real application names a file; this example leaves nothing behind.
    config.database.location = Database::Memory;
    // The cheapest hash, so that the example ends quickly. Leave this out elsewhere.
    config.password.bcrypt_cost = 4;
    let sekisho = Sekisho::start(config, "http://localhost:8000", Overrides::default()).await?;
    let accounts = sekisho.accounts();
    let password = || Password::new("correct horse battery".to_owned());

    // Values are parsed before they are sent: a message is complete and well formed.
    let user = accounts
        .ask(Register {
            email: Email::parse("alice@example.com")?,
            username: Username::parse("alice")?,
            password: sekisho.password_policy().accept(password(), &["alice", "alice@example.com"])?,
            origin: RequestOrigin::default(),
        })
        .await?;
    println!("registered {} with id {}", user.username.as_str(), user.id);

    let tokens = accounts
        .ask(LogIn {
            name: "alice".to_owned(),
            password: password(),
            scope: Scope::default(),
            origin: RequestOrigin::default(),
        })
        .await?;
    println!("logged in; the access token is valid for {} seconds", tokens.expires_in);

    let caller = accounts.ask(Authenticate { token: tokens.access_token }).await?;
    println!("recognised {} in session {}", caller.user.username.as_str(), caller.session_id);

    let refresh =
        Refresh { token: tokens.refresh_token, scope: Scope::default(), origin: RequestOrigin::default() };
    let renewed = accounts.ask(refresh).await?;
    println!("refreshed; the scope is \"{}\"", renewed.scope);

    accounts.ask(LogOut { token: renewed.access_token.clone(), origin: RequestOrigin::default() }).await?;
    // Each use case has its own error type to match on.
    match accounts.ask(Authenticate { token: renewed.access_token }).await {
        Ok(caller) => println!("{} is still there", caller.user.username.as_str()),
        Err(error) => println!("logged out: {error}"),
    }

    // Commits open writes and closes the file. Messages sent after this fail.
    sekisho.close().await?;
    Ok(())
}
