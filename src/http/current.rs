//! Extractors that identify the caller, for applications that embed Sekisho.
//!
//! A handler with one of them is called only with a valid token. Otherwise the extractor answers, as
//! Sekisho's own endpoints do.

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload, error::ErrorInternalServerError, web};
use futures_util::{TryFutureExt, future::LocalBoxFuture};

use crate::{
    actors::account::{Authenticate, Caller},
    domain::Scope,
    http::{
        state::Api,
        wire::{
            ApiError, bearer,
            errors::{self, ErrorKind},
        },
    },
};

/// The user behind a request, whose token has the scope `user`.
///
/// Without a valid token it answers 401, and with a token of another scope 403. It does not say whether the
/// user may administer: that is what [`CurrentAdmin`] is for, and `user.role` alone is not enough.
///
/// ```
/// use actix_web::{App, http::StatusCode, test, web};
/// # use sekisho::{app::{Overrides, Sekisho}, config::{Config, Database}};
/// use sekisho::http::CurrentUser;
///
/// async fn greeting(CurrentUser(caller): CurrentUser) -> String {
///     format!("Hello, {}!", caller.user.username.as_str())
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix::System::new().block_on(async {
/// # let mut config = Config::default();
/// # config.database.location = Database::Memory;
/// # let sekisho = Sekisho::start(config, "http://localhost:8000", Overrides::default()).await?;
/// let routes = App::new().route("/greeting", web::get().to(greeting));
/// let app = test::init_service(routes.configure(|config| sekisho.configure(config))).await;
///
/// let without_token = test::TestRequest::get().uri("/greeting").to_request();
/// let answer = test::call_service(&app, without_token).await;
/// assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
/// # sekisho.close().await?;
/// # Ok(()) })
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct CurrentUser(pub Caller);

/// The administrator behind a request: a user who has the role now, with a token that has the scope `admin`
/// and is only for the administration.
///
/// Without a valid token it answers 401, and to other users 403. For operations that cannot be undone, check
/// [`Caller::authenticated_recently`] too.
///
/// ```
/// use actix_web::{App, http::StatusCode, test, web};
/// # use sekisho::{actors::account::{AddUser, LogIn}, app::{Overrides, Sekisho}, config::{Config, Database}};
/// # use sekisho::domain::{Email, Password, RequestOrigin, Role, Scope, Username};
/// use sekisho::http::CurrentAdmin;
///
/// async fn report(CurrentAdmin(caller): CurrentAdmin) -> String {
///     format!("{} may see all orders", caller.user.username.as_str())
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix::System::new().block_on(async {
/// # let mut config = Config::default();
/// # config.database.location = Database::Memory;
/// # config.password.bcrypt_cost = 4;
/// # let sekisho = Sekisho::start(config, "http://localhost:8000", Overrides::default()).await?;
/// # let password = || Password::new("correct horse battery".to_owned());
/// # let origin = RequestOrigin::default();
/// # let email = Email::parse("root@example.com")?;
/// # let username = Username::parse("root")?;
/// # let new = sekisho.password_policy().accept(password(), &[])?;
/// # let add = AddUser { email, username, password: new, role: Role::Admin, origin: origin.clone() };
/// # sekisho.accounts().ask(add).await?;
/// # let log_in = LogIn { name: "root".to_owned(), password: password(), scope: Scope::default(), origin };
/// # let tokens = sekisho.accounts().ask(log_in).await?;
/// # let authorization = format!("Bearer {}", tokens.access_token.expose());
/// let routes = App::new().route("/report", web::get().to(report));
/// let app = test::init_service(routes.configure(|config| sekisho.configure(config))).await;
///
/// // Root is an administrator, but logged in without asking for the scope `admin`.
/// let request = test::TestRequest::get().uri("/report").insert_header(("authorization", authorization));
/// let answer = test::call_service(&app, request.to_request()).await;
/// assert_eq!(answer.status(), StatusCode::FORBIDDEN);
/// # sekisho.close().await?;
/// # Ok(()) })
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct CurrentAdmin(pub Caller);

impl FromRequest for CurrentUser {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(caller(request, Scope::USER, errors::NEEDS_USER_SCOPE).map_ok(Self))
    }
}

impl FromRequest for CurrentAdmin {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(caller(request, Scope::ADMIN, errors::NEEDS_ADMIN).map_ok(Self))
    }
}

/// The caller, if what the token, its audience and the user's current role all allow has this scope.
fn caller(
    request: &HttpRequest,
    needed: Scope,
    otherwise: &'static ErrorKind,
) -> impl Future<Output = Result<Caller, Error>> + use<> {
    let token = bearer(request);
    let api = request.app_data::<web::Data<Api>>().cloned();
    async move {
        let token = token?;
        let missing = || ErrorInternalServerError("Sekisho is not configured in this application");
        let api = api.ok_or_else(missing)?;
        let caller = api.accounts.ask(Authenticate { token }).await.map_err(ApiError::from)?;
        if caller.scope.contains(needed) { Ok(caller) } else { Err(ApiError::from(otherwise).into()) }
    }
}
