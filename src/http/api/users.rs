//! `/users/` and `/users/me`: people and their own accounts.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::header, web};
use serde_json::Value;

use crate::{
    actors::{
        account::{
            Authenticate, ChangeEmail, ChangePassword, DeleteAccount, OwnAccountError, Register,
            RegisterError,
        },
        db::NameConflict,
    },
    domain::{Email, PasswordPolicy, Registration, RequestOrigin, Username},
    http::{
        state::Api,
        wire::{
            api_error::ApiError,
            bearer::Bearer,
            errors,
            fields::Fields,
            json::JsonObject,
            origin::Origin,
            render::{NO_STORE, TokenResponse, UserBody, ok},
            validation::FieldError,
        },
    },
};

/// The right to register, which is asked before the body is read.
pub(crate) struct OpenRegistration;

impl FromRequest for OpenRegistration {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let registration = request.app_data::<web::Data<Api>>().map(|api| api.registration);
        ready(match registration {
            Some(Registration::Open) => Ok(Self),
            Some(Registration::Closed) | None => Err(errors::REGISTRATION_CLOSED.into()),
        })
    }
}

pub(crate) async fn register(
    api: web::Data<Api>,
    _: OpenRegistration,
    origin: Origin,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let user = api.accounts.ask(registration(&body, api.policy, origin.0)?).await?;
    let location = format!("/users/{}", user.id);
    Ok(HttpResponse::Created()
        .insert_header(NO_STORE)
        .insert_header((header::LOCATION, location))
        .json(UserBody::from(&user)))
}

/// Reads either shape: flat, or the tutorial's `{"user": {…}, "password"}`.
fn registration(
    body: &JsonObject,
    policy: PasswordPolicy,
    origin: RequestOrigin,
) -> Result<Register, ApiError> {
    let mut mistakes = Vec::new();
    let (names, at): (_, &[&str]) = match body.0.get("user") {
        None => (&body.0, &["body"]),
        Some(Value::Object(user)) => (user, &["body", "user"]),
        Some(_) => {
            return Err(FieldError::not_an_object(&["body", "user"]).into());
        }
    };
    let mut fields = Fields::new(names, at, &mut mistakes);
    let email = fields.email("email");
    let username = fields.text("username");
    let username = fields.parse("username", username, Username::parse);
    let mut fields = Fields::new(&body.0, &["body"], &mut mistakes);
    let names: Vec<_> =
        email.iter().map(Email::as_str).chain(username.iter().map(Username::as_str)).collect();
    let password = fields.new_password("password", policy, &names);
    match (email, username, password) {
        (Some(email), Some(username), Some(password)) if mistakes.is_empty() => {
            Ok(Register { email, username, password, origin })
        }
        _ => Err(ApiError::validation(mistakes)),
    }
}

pub(crate) async fn me(api: web::Data<Api>, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    let caller = api.accounts.ask(Authenticate { token: bearer.0 }).await?;
    Ok(ok(UserBody::from(&caller.user)))
}

pub(crate) async fn change_email(
    api: web::Data<Api>,
    bearer: Bearer,
    origin: Origin,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let mut mistakes = Vec::new();
    let mut fields = Fields::new(&body.0, &["body"], &mut mistakes);
    let (email, password) = (fields.email("email"), fields.password("current_password"));
    match (email, password) {
        (Some(email), Some(password)) => {
            let change = ChangeEmail { token: bearer.0, email, password, origin: origin.0 };
            let user = api.accounts.ask(change).await?;
            Ok(ok(UserBody::from(&user)))
        }
        _ => Err(ApiError::validation(mistakes)),
    }
}

pub(crate) async fn change_password(
    api: web::Data<Api>,
    bearer: Bearer,
    origin: Origin,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let mut mistakes = Vec::new();
    let mut fields = Fields::new(&body.0, &["body"], &mut mistakes);
    let current = fields.password("current_password");
    // Whether it equals one of their names is checked where those are known.
    let new = fields.new_password("new_password", api.policy, &[]);
    match (current, new) {
        (Some(current), Some(new)) if mistakes.is_empty() => {
            let change = ChangePassword { token: bearer.0, current, new, origin: origin.0 };
            let pair = api.accounts.ask(change).await?;
            Ok(ok(TokenResponse::from(&pair)))
        }
        _ => Err(ApiError::validation(mistakes)),
    }
}

pub(crate) async fn delete(
    api: web::Data<Api>,
    bearer: Bearer,
    origin: Origin,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let mut mistakes = Vec::new();
    let password = Fields::new(&body.0, &["body"], &mut mistakes).password("password");
    let password = password.ok_or(ApiError::validation(mistakes))?;
    api.accounts.ask(DeleteAccount { token: bearer.0, password, origin: origin.0 }).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<RegisterError> for ApiError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Closed => errors::REGISTRATION_CLOSED.into(),
            RegisterError::InvalidPassword(invalid) => {
                FieldError::password(invalid, &["body", "password"]).into()
            }
            RegisterError::NameConflict(NameConflict::Email) => errors::EMAIL_TAKEN.into(),
            RegisterError::NameConflict(NameConflict::Username) => errors::USERNAME_TAKEN.into(),
            RegisterError::Throttled { retry_after } => {
                Self::retry_after(errors::TOO_MANY_ATTEMPTS, retry_after)
            }
            RegisterError::Busy { retry_after } => Self::retry_after(errors::TOO_MANY_LOGINS, retry_after),
            RegisterError::Actor(error) => error.into(),
        }
    }
}

impl From<OwnAccountError> for ApiError {
    fn from(error: OwnAccountError) -> Self {
        match error {
            OwnAccountError::Authenticate(error) => error.into(),
            OwnAccountError::WrongPassword => errors::WRONG_PASSWORD.into(),
            OwnAccountError::InvalidPassword(invalid) => {
                FieldError::password(invalid, &["body", "new_password"]).into()
            }
            OwnAccountError::EmailTaken => errors::EMAIL_TAKEN.into(),
            OwnAccountError::LastAdmin => errors::LAST_ADMIN.into(),
            OwnAccountError::Check(error) => error.into(),
            OwnAccountError::Actor(error) => error.into(),
        }
    }
}
