use sekisho::{
    actors::account::{Authenticate, LogIn, Register},
    domain::{Email, Password, RequestOrigin, Scope, Username},
};

use crate::support::{PASSWORD, TestActors};

#[actix_web::test]
async fn somebody_registers_logs_in_and_asks_who_they_are() {
    let actors = TestActors::start().await;
    let password = || Password::new(PASSWORD.to_owned());
    let register = Register {
        email: Email::parse("alice@example.com").unwrap(),
        username: Username::parse("alice").unwrap(),
        password: actors.sekisho.password_policy().accept(password(), &[]).unwrap(),
        origin: RequestOrigin::default(),
    };
    let user = actors.accounts.ask(register).await.unwrap();

    let log_in = LogIn {
        name: "ALICE@example.com".to_owned(),
        password: password(),
        scope: Scope::default(),
        origin: RequestOrigin::default(),
    };
    let tokens = actors.accounts.ask(log_in).await.unwrap();
    let caller = actors.accounts.ask(Authenticate { token: tokens.access_token }).await.unwrap();

    assert_eq!(caller.user, user);
}
