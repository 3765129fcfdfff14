//! `POST /users/`: users create their own accounts.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::header, web};
use serde_json::{Value, json};

use crate::{
    actors::{
        account::{Register, RegisterError},
        db::NameConflict,
    },
    domain::{Email, PasswordPolicy, Registration, RequestOrigin, Username},
    http::{
        openapi::{Operation, Schema, Tag, object, schema},
        state::Api,
        wire::{ApiError, FieldError, Fields, JsonObject, NO_STORE, Origin, USER, UserBody, errors},
    },
};

pub(crate) const REGISTER: Operation = Operation::new("register", Tag::Account, "Create a user")
    .describe(
        "The body has one of two shapes: flat, or with the names under `user`. Other members, such as `id` and \
        `hashed_password`, are ignored.",
    )
    .takes_json(NEW_USER)
    .created("The user was created.", USER)
    .fails(&[
        errors::REGISTRATION_CLOSED,
        errors::EMAIL_TAKEN,
        errors::USERNAME_TAKEN])
    .throttled();

const NEW_USER: &Schema = &Schema::new(
    "NewUser",
    |schemas| json!({ "anyOf": [schemas.refer(NEW_USER_FLAT), schemas.refer(NEW_USER_NESTED)] }),
);

const NEW_USER_FLAT: &Schema = &Schema::new("NewUserFlat", |schemas| {
    let (email, username, password) = (schema::email(), schema::username(), schemas.new_password());
    json!({
        // If `user` is an object, the body has the nested shape.
        "type": "object", "required": ["email", "username", "password"],
        "properties": { "email": email, "username": username, "password": password, "user": false },
    })
});

const NEW_USER_NESTED: &Schema = &Schema::new("NewUserNested", |schemas| {
    let user = object(&json!({ "email": schema::email(), "username": schema::username() }));
    object(&json!({ "user": user, "password": schemas.new_password() }))
});

pub(crate) async fn register(
    api: web::Data<Api>,
    _: OpenRegistration,
    origin: Origin,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let user = api.accounts.ask(registration(&body, api.policy, origin.0)?).await?;
    let location = format!("{}/users/{}", api.base_path(), user.id);
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
    let (names, at): (_, &[&str]) = match body.0.get("user") {
        None => (&body.0, &["body"]),
        Some(Value::Object(user)) => (user, &["body", "user"]),
        Some(_) => return Err(FieldError::not_an_object(&["body", "user"]).into()),
    };
    let mut fields = Fields::of(body).then_of(names, at);
    let email = fields.email("email");
    let username = fields.text("username");
    let username = fields.parse("username", username, Username::parse);
    let mut fields = fields.then_of(&body.0, &["body"]);
    let names: Vec<_> =
        email.iter().map(Email::as_str).chain(username.iter().map(Username::as_str)).collect();
    let password = fields.new_password("password", policy, &names);
    let (Some(email), Some(username), Some(password)) = (email, username, password) else {
        return Err(fields.refuse());
    };
    Ok(Register { email, username, password, origin })
}

/// Checks that registration is open, before the body is read.
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

impl From<RegisterError> for ApiError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Closed => errors::REGISTRATION_CLOSED.into(),
            RegisterError::InvalidPassword(invalid) => {
                FieldError::password(invalid, &["body", "password"]).into()
            }
            RegisterError::NameConflict(NameConflict::Email) => errors::EMAIL_TAKEN.into(),
            RegisterError::NameConflict(NameConflict::Username) => errors::USERNAME_TAKEN.into(),
            RegisterError::Check(error) => error.into(),
            RegisterError::Actor(error) => error.into(),
        }
    }
}
