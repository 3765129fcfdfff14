//! `/users` and `/users/{id}` for administrators.

use std::{
    collections::HashMap,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, web};
use serde::Serialize;

use crate::{
    actors::account::{BrowseUsers, ChangeUser, EndSessionsOfUser, RemoveUser, ShowSessionsOfUser, ShowUser},
    domain::{Cursor, Email, Role, UserChange, UserId},
    http::{
        Api,
        observe::headers::NO_STORE,
        wire::{
            body::JsonObject,
            errors::{ApiError, FieldError},
            extract::{Bearer, PathId},
            fields::Fields,
            render::{Items, SessionBody, UserBody},
        },
    },
};

/// The query of a request.
pub(crate) struct Query(HashMap<String, String>);

impl FromRequest for Query {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = web::Query::from_query(request.query_string());
        ready(match query {
            Ok(web::Query(map)) => Ok(Self(map)),
            Err(_) => Err(refused("query", "value_error", "the query cannot be read")),
        })
    }
}

fn refused(name: &'static str, kind: &'static str, msg: &str) -> ApiError {
    ApiError::Validation(vec![FieldError { kind, loc: vec!["query", name], msg: msg.to_owned() }])
}

impl Query {
    /// A truth value, `false` where it is missing.
    pub(crate) fn boolean(&self, name: &'static str) -> Result<bool, ApiError> {
        match self.0.get(name).map(String::as_str) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(refused(name, "bool_parsing", "Input should be 'true' or 'false'")),
        }
    }

    fn limit(&self) -> Result<usize, ApiError> {
        let Some(text) = self.0.get("limit") else { return Ok(50) };
        text.parse()
            .ok()
            .filter(|limit| (1..=200).contains(limit))
            .ok_or_else(|| refused("limit", "int_parsing", "Input should be a whole number from 1 to 200"))
    }

    /// The cursor; none at the first page, which an empty one asks for as well.
    fn after(&self) -> Result<Option<Cursor>, ApiError> {
        let Some(text) = self.0.get("after").filter(|text| !text.is_empty()) else { return Ok(None) };
        Cursor::parse(text)
            .map(Some)
            .map_err(|_| refused("after", "value_error", "Input should be the 'next' of another page"))
    }

    fn prefix(&self) -> Result<String, ApiError> {
        let prefix = self.0.get("q").cloned().unwrap_or_default();
        if prefix.chars().count() > Email::MAX_LENGTH {
            return Err(refused("q", "string_too_long", "String should have at most 254 characters"));
        }
        Ok(prefix)
    }
}

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
    Ok(HttpResponse::Ok().insert_header(NO_STORE).json(PageBody {
        items: page.items.iter().map(UserBody::from).collect(),
        next: page.next.as_ref().map(Cursor::encode),
    }))
}

pub(crate) async fn show(api: web::Data<Api>, bearer: Bearer, id: PathId) -> Result<HttpResponse, ApiError> {
    let user = api.accounts.ask(ShowUser { token: bearer.0, id: UserId(id.0) }).await?;
    Ok(HttpResponse::Ok().insert_header(NO_STORE).json(UserBody::from(&user)))
}

pub(crate) async fn change(
    api: web::Data<Api>,
    bearer: Bearer,
    id: PathId,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let mut errors = Vec::new();
    let mut fields = Fields::new(&body.0, &["body"], &mut errors);
    let role = fields.optional_text("role");
    let role = fields.parse("role", role, str::parse::<Role>);
    let email = fields.optional_text("email");
    let email = fields.parse("email", email, Email::parse);
    let disabled = fields.optional_bool("disabled");
    if !errors.is_empty() {
        return Err(ApiError::Validation(errors));
    }
    let change = UserChange { email, role, disabled };
    let user = api.accounts.ask(ChangeUser { token: bearer.0, id: UserId(id.0), change }).await?;
    Ok(HttpResponse::Ok().insert_header(NO_STORE).json(UserBody::from(&user)))
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
    Ok(HttpResponse::Ok().insert_header(NO_STORE).json(Items { items }))
}

pub(crate) async fn end_sessions(
    api: web::Data<Api>,
    bearer: Bearer,
    id: PathId,
) -> Result<HttpResponse, ApiError> {
    api.accounts.ask(EndSessionsOfUser { token: bearer.0, id: UserId(id.0) }).await?;
    Ok(HttpResponse::NoContent().finish())
}
