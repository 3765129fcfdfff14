//! `/users/me`: the caller's own account.

use actix_web::web;
use serde_json::json;

use crate::{
    actors::account::{Authenticate, ChangeEmail, ChangePassword, DeleteAccount, OwnAccountError},
    http::{
        openapi::{Operation, Schema, Tag, object, schema},
        state::Api,
        wire::{
            Answer, ApiError, Authorization, Bearer, FieldError, Fields, JsonObject, TOKEN_RESPONSE,
            TokenResponse, USER, UserBody, errors, no_content, ok,
        },
    },
};

pub(crate) const ME: Operation = Operation::new("readMe", Tag::Account, "Show my account")
    .describe("Accepts a token of any scope.")
    .for_callers()
    .ok("The user.", USER);

pub(crate) async fn me(api: web::Data<Api>, bearer: Bearer) -> Answer {
    let caller = api.accounts.ask(Authenticate { token: bearer.0 }).await?;
    Ok(ok(UserBody::from(&caller.user)))
}

pub(crate) const CHANGE_EMAIL: Operation =
    Operation::new("changeEmail", Tag::Account, "Change my e-mail address")
        .takes_json(EMAIL_CHANGE)
        .for_owners()
        .ok("The user.", USER)
        .fails(&[errors::WRONG_PASSWORD, errors::EMAIL_TAKEN])
        .throttled();

const EMAIL_CHANGE: &Schema = &Schema::new("EmailChange", |_| {
    object(&json!({ "email": schema::email(), "current_password": schema::password() }))
});

pub(crate) async fn change_email(api: web::Data<Api>, auth: Authorization, body: JsonObject) -> Answer {
    let mut fields = Fields::of(&body);
    let (Some(email), Some(password)) = (fields.email("email"), fields.password("current_password")) else {
        return Err(fields.refuse());
    };
    let change = ChangeEmail { token: auth.token, email, password, origin: auth.origin };
    Ok(ok(UserBody::from(&api.accounts.ask(change).await?)))
}

pub(crate) const CHANGE_PASSWORD: Operation =
    Operation::new("changePassword", Tag::Account, "Change my password")
        .describe("Every session ends, including this one. The answer has the tokens of a new session.")
        .takes_json(PASSWORD_CHANGE)
        .for_owners()
        .ok("The password was changed.", TOKEN_RESPONSE)
        .fails(&[errors::WRONG_PASSWORD])
        .throttled();

const PASSWORD_CHANGE: &Schema = &Schema::new("PasswordChange", |schemas| {
    object(&json!({ "current_password": schema::password(), "new_password": schemas.new_password() }))
});

pub(crate) async fn change_password(api: web::Data<Api>, auth: Authorization, body: JsonObject) -> Answer {
    let mut fields = Fields::of(&body);
    let current = fields.password("current_password");
    // The use case checks that it differs from the user's names.
    let new = fields.new_password("new_password", api.policy, &[]);
    let (Some(current), Some(new)) = (current, new) else { return Err(fields.refuse()) };
    let change = ChangePassword { token: auth.token, current, new, origin: auth.origin };
    Ok(ok(TokenResponse::from(&api.accounts.ask(change).await?)))
}

pub(crate) const DELETE: Operation = Operation::new("deleteMe", Tag::Account, "Delete my account")
    .describe("All sessions end. The username is never given to another user.")
    .takes_json(PASSWORD_CONFIRMATION)
    .for_owners()
    .no_content("The account was deleted.")
    .fails(&[errors::WRONG_PASSWORD, errors::LAST_ADMIN])
    .throttled();

const PASSWORD_CONFIRMATION: &Schema =
    &Schema::new("PasswordConfirmation", |_| object(&json!({ "password": schema::password() })));

pub(crate) async fn delete(api: web::Data<Api>, auth: Authorization, body: JsonObject) -> Answer {
    let mut fields = Fields::of(&body);
    let Some(password) = fields.password("password") else { return Err(fields.refuse()) };
    api.accounts.ask(DeleteAccount { token: auth.token, password, origin: auth.origin }).await?;
    Ok(no_content())
}

impl From<OwnAccountError> for ApiError {
    fn from(error: OwnAccountError) -> Self {
        match error {
            OwnAccountError::Authenticate(error) => error.into(),
            OwnAccountError::WrongPassword => errors::WRONG_PASSWORD.into(),
            OwnAccountError::InvalidPassword(invalid) => {
                FieldError::password(invalid, &["body", "new_password"]).into()
            }
            OwnAccountError::Refused(refused) => refused.into(),
            OwnAccountError::Check(error) => error.into(),
            OwnAccountError::Actor(error) => error.into(),
        }
    }
}
