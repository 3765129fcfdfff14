//! `/users` and `/users/{id}` for administrators.

use actix_web::web;
use serde::Serialize;
use serde_json::json;

use crate::{
    actors::account::{
        AdminError, BrowseUsers, ChangeUser, EndSessionsOfUser, RemoveUser, ShowSessionsOfUser, ShowUser,
    },
    domain::{Cursor, Email, Role, UserChange, UserId},
    http::{
        openapi::{Operation, Parameter, Schema, Tag, object, schema},
        state::Api,
        wire::{
            Answer, ApiError, Authorization, Fields, Items, JsonObject, PathId, Query, ROLE, SESSION_LIST,
            SessionBody, USER, UserBody, errors, no_content, ok,
        },
    },
};

const USER_ID: &[Parameter] = &[Parameter::id("The user's number.")];

pub(crate) const LIST: Operation =
    Operation::new("listUsers", Tag::Administration, "List users, a page at a time")
        .describe("A page may have fewer users than `limit`; `next` tells whether there are more.")
        .parameters(&[
            Parameter::query(
                "limit",
                "The maximum number of users.",
                || json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 50 }),
            ),
            Parameter::query(
                "after",
                "The `next` of the previous page; empty for the first page.",
                || json!({ "type": "string", "format": "sekisho-cursor" }),
            ),
            Parameter::query(
                "q",
                "The beginning of the username or the e-mail address.",
                || json!({ "type": "string", "maxLength": Email::MAX_LENGTH }),
            ),
        ])
        .for_admins()
        .ok("A page of users.", USER_PAGE);

const USER_PAGE: &Schema = &Schema::new("UserPage", |schemas| {
    object(&json!({
        "items": { "type": "array", "items": schemas.refer(USER) },
        "next": { "type": ["string", "null"], "description": "The value of `after` for the next page." },
    }))
});

#[derive(Serialize)]
struct PageBody<'a> {
    items: Vec<UserBody<'a>>,
    next: Option<String>,
}

pub(crate) async fn list(api: web::Data<Api>, auth: Authorization, query: Query) -> Answer {
    let browse = BrowseUsers {
        token: auth.token,
        origin: auth.origin,
        prefix: query.prefix()?,
        after: query.after()?,
        limit: query.limit()?,
    };
    let page = api.accounts.ask(browse).await?;
    Ok(ok(PageBody {
        items: page.items.iter().map(UserBody::from).collect(),
        next: page.next.as_ref().map(Cursor::encode),
    }))
}

pub(crate) const SHOW: Operation = Operation::new("readUser", Tag::Administration, "Show a user")
    .parameters(USER_ID)
    .for_admins()
    .ok("The user.", USER)
    .fails(&[errors::NOT_FOUND]);

pub(crate) async fn show(api: web::Data<Api>, auth: Authorization, id: PathId) -> Answer {
    let user =
        api.accounts.ask(ShowUser { token: auth.token, origin: auth.origin, id: UserId(id.0) }).await?;
    Ok(ok(UserBody::from(&user)))
}

pub(crate) const CHANGE: Operation = Operation::new(
    "changeUser",
    Tag::Administration,
    "Change a user's role, state or e-mail address",
)
.describe(
    "Disabling ends the user's sessions. The administrator's password must have been given at most 10 \
            minutes ago.",
)
.takes_json(USER_CHANGE)
.parameters(USER_ID)
.for_recent_admins()
.ok("The user.", USER)
.fails(&[errors::NOT_FOUND, errors::EMAIL_TAKEN, errors::LAST_ADMIN]);

const USER_CHANGE: &Schema = &Schema::new("UserChange", |schemas| {
    json!({
        "type": "object",
        "properties": { "role": schemas.refer(ROLE), "disabled": { "type": "boolean" }, "email": schema::email() },
    })
});

pub(crate) async fn change(api: web::Data<Api>, auth: Authorization, id: PathId, body: JsonObject) -> Answer {
    let mut fields = Fields::of(&body);
    let role = fields.optional_text("role");
    let role = fields.parse("role", role, str::parse::<Role>);
    let email = fields.optional_text("email");
    let email = fields.parse("email", email, Email::parse);
    let disabled = fields.optional_bool("disabled");
    fields.check()?;
    let change = UserChange { email, role, disabled };
    let user = api
        .accounts
        .ask(ChangeUser { token: auth.token, origin: auth.origin, id: UserId(id.0), change })
        .await?;
    Ok(ok(UserBody::from(&user)))
}

pub(crate) const REMOVE: Operation = Operation::new("deleteUser", Tag::Administration, "Delete a user")
    .describe("The administrator's password must have been given at most 10 minutes ago.")
    .parameters(USER_ID)
    .for_recent_admins()
    .no_content("The user was deleted.")
    .fails(&[errors::NOT_FOUND, errors::LAST_ADMIN]);

pub(crate) async fn remove(api: web::Data<Api>, auth: Authorization, id: PathId) -> Answer {
    api.accounts.ask(RemoveUser { token: auth.token, origin: auth.origin, id: UserId(id.0) }).await?;
    Ok(no_content())
}

pub(crate) const SESSIONS: Operation =
    Operation::new("listSessionsOfUser", Tag::Administration, "List a user's sessions, including ended ones")
        .parameters(USER_ID)
        .for_admins()
        .ok("The sessions.", SESSION_LIST)
        .fails(&[errors::NOT_FOUND]);

pub(crate) async fn sessions(api: web::Data<Api>, auth: Authorization, id: PathId) -> Answer {
    let sessions = api
        .accounts
        .ask(ShowSessionsOfUser { token: auth.token, origin: auth.origin, id: UserId(id.0) })
        .await?;
    let items = sessions.iter().map(|session| SessionBody::new(session, None)).collect();
    Ok(ok(Items { items }))
}

pub(crate) const END_SESSIONS: Operation =
    Operation::new("endSessionsOfUser", Tag::Administration, "End all of a user's sessions")
        .parameters(USER_ID)
        .for_admins()
        .no_content("The sessions were ended.")
        .fails(&[errors::NOT_FOUND]);

pub(crate) async fn end_sessions(api: web::Data<Api>, auth: Authorization, id: PathId) -> Answer {
    api.accounts.ask(EndSessionsOfUser { token: auth.token, origin: auth.origin, id: UserId(id.0) }).await?;
    Ok(no_content())
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Authenticate(error) => error.into(),
            AdminError::Forbidden => errors::NEEDS_ADMIN.into(),
            AdminError::NotRecent => errors::NOT_RECENT.into(),
            AdminError::Refused(refused) => refused.into(),
            AdminError::Actor(error) => error.into(),
        }
    }
}
