//! `/users/me`: the caller's own account.

use actix_web::{HttpResponse, http::StatusCode, web};
use serde_json::json;

use crate::{
    actors::account::{Authenticate, ChangeEmail, ChangePassword, DeleteAccount, OwnAccountError},
    http::{
        openapi::{
            operation::{Operation, Tag},
            schema::{self, Schema, object},
        },
        state::Api,
        wire::{
            api_error::ApiError,
            bearer::Bearer,
            errors,
            fields::Fields,
            json::JsonObject,
            origin::Origin,
            render::{TOKEN_RESPONSE, TokenResponse, USER, UserBody, ok},
            validation::FieldError,
        },
    },
};

pub(crate) const ME: Operation = Operation::new("readMe", Tag::Account, "Show my account")
    .describe("Accepts a token of any scope.")
    .for_callers()
    .answers(StatusCode::OK, "The user.")
    .with(USER);

pub(crate) async fn me(api: web::Data<Api>, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    let caller = api.accounts.ask(Authenticate { token: bearer.0 }).await?;
    Ok(ok(UserBody::from(&caller.user)))
}

pub(crate) const CHANGE_EMAIL: Operation =
    Operation::new("changeEmail", Tag::Account, "Change my e-mail address")
        .takes_json(EMAIL_CHANGE)
        .for_owners()
        .answers(StatusCode::OK, "The user.")
        .with(USER)
        .fails(&[
            errors::WRONG_PASSWORD,
            errors::EMAIL_TAKEN,
            errors::TOO_MANY_ATTEMPTS,
            errors::TOO_MANY_LOGINS,
        ]);

const EMAIL_CHANGE: &Schema = &Schema {
    name: "EmailChange",
    json: |_| object(&json!({ "email": schema::email(), "current_password": schema::password() })),
};

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

pub(crate) const CHANGE_PASSWORD: Operation =
    Operation::new("changePassword", Tag::Account, "Change my password")
        .describe("Every session ends, including this one. The answer has the tokens of a new session.")
        .takes_json(PASSWORD_CHANGE)
        .for_owners()
        .answers(StatusCode::OK, "The password was changed.")
        .with(TOKEN_RESPONSE)
        .fails(&[errors::WRONG_PASSWORD, errors::TOO_MANY_ATTEMPTS, errors::TOO_MANY_LOGINS]);

const PASSWORD_CHANGE: &Schema = &Schema {
    name: "PasswordChange",
    json: |schemas| {
        object(&json!({ "current_password": schema::password(), "new_password": schemas.new_password() }))
    },
};

pub(crate) async fn change_password(
    api: web::Data<Api>,
    bearer: Bearer,
    origin: Origin,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let mut mistakes = Vec::new();
    let mut fields = Fields::new(&body.0, &["body"], &mut mistakes);
    let current = fields.password("current_password");
    // The use case, which knows the user's names, checks that the password differs from them.
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

pub(crate) const DELETE: Operation = Operation::new("deleteMe", Tag::Account, "Delete my account")
    .describe("All sessions end. The username is never given to another user.")
    .takes_json(PASSWORD_CONFIRMATION)
    .for_owners()
    .answers(StatusCode::NO_CONTENT, "The account was deleted.")
    .fails(&[errors::WRONG_PASSWORD, errors::LAST_ADMIN, errors::TOO_MANY_ATTEMPTS, errors::TOO_MANY_LOGINS]);

const PASSWORD_CONFIRMATION: &Schema =
    &Schema { name: "PasswordConfirmation", json: |_| object(&json!({ "password": schema::password() })) };

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
