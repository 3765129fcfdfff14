//! `/users` and `/users/{id}` for administrators.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::{
    actors::account::{
        AdminError, BrowseUsers, ChangeUser, EndSessionsOfUser, RemoveUser, ShowSessionsOfUser, ShowUser,
    },
    domain::{Cursor, Email, Role, UserChange, UserId},
    http::{
        state::Api,
        wire::{
            api_error::ApiError,
            bearer::Bearer,
            errors,
            fields::Fields,
            json::JsonObject,
            parameters::{PathId, Query},
            render::{Items, SessionBody, UserBody, ok},
        },
    },
};

#[derive(Serialize)]
struct PageBody<'a> {
    items: Vec<UserBody<'a>>,
    next: Option<String>,
}

pub(crate) async fn list(
    api: web::Data<Api>,
    bearer: Bearer,
    query: Query,
) -> Result<HttpResponse, ApiError> {
    let browse = BrowseUsers {
        token: bearer.0,
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

pub(crate) async fn show(api: web::Data<Api>, bearer: Bearer, id: PathId) -> Result<HttpResponse, ApiError> {
    let user = api.accounts.ask(ShowUser { token: bearer.0, id: UserId(id.0) }).await?;
    Ok(ok(UserBody::from(&user)))
}

pub(crate) async fn change(
    api: web::Data<Api>,
    bearer: Bearer,
    id: PathId,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let mut mistakes = Vec::new();
    let mut fields = Fields::new(&body.0, &["body"], &mut mistakes);
    let role = fields.optional_text("role");
    let role = fields.parse("role", role, str::parse::<Role>);
    let email = fields.optional_text("email");
    let email = fields.parse("email", email, Email::parse);
    let disabled = fields.optional_bool("disabled");
    if !mistakes.is_empty() {
        return Err(ApiError::validation(mistakes));
    }
    let change = UserChange { email, role, disabled };
    let user = api.accounts.ask(ChangeUser { token: bearer.0, id: UserId(id.0), change }).await?;
    Ok(ok(UserBody::from(&user)))
}

pub(crate) async fn remove(
    api: web::Data<Api>,
    bearer: Bearer,
    id: PathId,
) -> Result<HttpResponse, ApiError> {
    api.accounts.ask(RemoveUser { token: bearer.0, id: UserId(id.0) }).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn sessions(
    api: web::Data<Api>,
    bearer: Bearer,
    id: PathId,
) -> Result<HttpResponse, ApiError> {
    let sessions = api.accounts.ask(ShowSessionsOfUser { token: bearer.0, id: UserId(id.0) }).await?;
    let items = sessions.iter().map(|session| SessionBody::new(session, None)).collect();
    Ok(ok(Items { items }))
}

pub(crate) async fn end_sessions(
    api: web::Data<Api>,
    bearer: Bearer,
    id: PathId,
) -> Result<HttpResponse, ApiError> {
    api.accounts.ask(EndSessionsOfUser { token: bearer.0, id: UserId(id.0) }).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Authenticate(error) => error.into(),
            AdminError::Forbidden => errors::NEEDS_ADMIN.into(),
            AdminError::NotRecent => errors::NOT_RECENT.into(),
            AdminError::NotFound => errors::NOT_FOUND.into(),
            AdminError::EmailTaken => errors::EMAIL_TAKEN.into(),
            AdminError::LastAdmin => errors::LAST_ADMIN.into(),
            AdminError::Actor(error) => error.into(),
        }
    }
}
