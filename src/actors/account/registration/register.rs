//! Registering: a user creates their own account.

use actix::Message;

use super::{AddUser, RegisterError, count::count_registration};
use crate::{
    actors::account::{Dependencies, UseCase},
    domain::{Email, NewPassword, Principal, Registration, RequestOrigin, Role, User, Username},
};

/// Registers a user, if registration is open.
///
/// Anyone may send it. [`RegisterError::Closed`] if registration is closed, and [`RegisterError::Check`] if
/// the client's network has tried it too often; the other errors are those of [`AddUser`].
///
/// ```
/// # use sekisho::{app::{Overrides, Sekisho}, config::{Config, Database}, domain::*};
/// use sekisho::actors::account::{Register, RegisterError};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix::System::new().block_on(async {
/// # let mut config = Config::default();
/// # config.database.location = Database::Memory;
/// # config.password.bcrypt_cost = 4;
/// # let sekisho = Sekisho::start(config, "http://localhost:8000", Overrides::default()).await?;
/// # let accounts = sekisho.accounts();
/// # let origin = RequestOrigin::default();
/// let register = |username: &str| -> Result<Register, Box<dyn std::error::Error>> {
///     let password = Password::new("correct horse battery".to_owned());
///     Ok(Register {
///         email: Email::parse("alice@example.com")?,
///         username: Username::parse(username)?,
///         password: sekisho.password_policy().accept(password, &[username])?,
///         origin: origin.clone(),
///     })
/// };
///
/// let alice = accounts.ask(register("alice")?).await?;
/// assert_eq!(alice.role, Role::User);
///
/// let taken = accounts.ask(register("alice2")?).await;
/// assert!(matches!(taken, Err(RegisterError::NameConflict(_))));
/// # sekisho.close().await?;
/// # Ok(()) })
/// # }
/// ```
#[derive(Debug, Message)]
#[rtype(result = "Result<User, RegisterError>")]
pub struct Register {
    /// The new user's e-mail address.
    pub email: Email,
    /// The new user's username.
    pub username: Username,
    /// The new user's password.
    pub password: NewPassword,
    /// Where the request came from.
    pub origin: RequestOrigin,
}

impl UseCase for Register {
    type Answer = User;
    type Error = RegisterError;

    async fn run(self, deps: &Dependencies) -> Result<User, RegisterError> {
        match deps.rules.registration {
            Registration::Open => {}
            Registration::Closed => return Err(RegisterError::Closed),
        }
        count_registration(deps, &self.origin).await?;
        let Self { email, username, password, origin } = self;
        AddUser { email, username, password, role: Role::User, origin }
            .create(Principal::Anonymous, deps)
            .await
    }
}
