//! `/users/me/sessions` and `/logout`.

use actix_web::{HttpResponse, http::StatusCode, web};
use serde_json::json;

use crate::{
    actors::account::{EndOtherSessions, EndOwnSession, ListOwnSessions, LogOut, OwnSessionError},
    domain::SessionId,
    http::{
        openapi::{
            operation::{Operation, Tag},
            schema::Parameter,
        },
        state::Api,
        wire::{
            api_error::ApiError,
            bearer::Bearer,
            errors,
            origin::Origin,
            parameters::{PathId, Query},
            render::{Items, SESSION_LIST, SessionBody, ok},
        },
    },
};

pub(crate) const LIST: Operation = Operation::new("listSessions", Tag::Sessions, "List my sessions")
    .describe("The newest first, at most 200.")
    .parameters(&[Parameter::query(
        "ended",
        "Whether to include sessions that ended recently, with the reason.",
        || json!({ "type": "boolean", "default": false }),
    )])
    .for_owners()
    .answers(StatusCode::OK, "The sessions.")
    .with(SESSION_LIST);

pub(crate) async fn list(
    api: web::Data<Api>,
    bearer: Bearer,
    origin: Origin,
    query: Query,
) -> Result<HttpResponse, ApiError> {
    let with_ended = query.boolean("ended")?;
    let (sessions, current) =
        api.accounts.ask(ListOwnSessions { token: bearer.0, origin: origin.0, with_ended }).await?;
    let items = sessions.iter().map(|session| SessionBody::new(session, Some(current))).collect();
    Ok(ok(Items { items }))
}

pub(crate) const END: Operation = Operation::new("endSession", Tag::Sessions, "End one of my sessions")
    .parameters(&[Parameter::id("The session's number.")])
    .for_owners()
    .answers(StatusCode::NO_CONTENT, "The session was ended.")
    .fails(&[errors::NOT_FOUND]);

pub(crate) async fn end(
    api: web::Data<Api>,
    bearer: Bearer,
    origin: Origin,
    id: PathId,
) -> Result<HttpResponse, ApiError> {
    api.accounts.ask(EndOwnSession { token: bearer.0, origin: origin.0, id: SessionId(id.0) }).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) const END_OTHERS: Operation =
    Operation::new("endOtherSessions", Tag::Sessions, "Log out everywhere else")
        .for_owners()
        .answers(StatusCode::NO_CONTENT, "All other sessions were ended.");

pub(crate) async fn end_others(
    api: web::Data<Api>,
    bearer: Bearer,
    origin: Origin,
) -> Result<HttpResponse, ApiError> {
    api.accounts.ask(EndOtherSessions { token: bearer.0, origin: origin.0 }).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) const LOG_OUT: Operation = Operation::new("logOut", Tag::Sessions, "Log out")
    .describe("Accepts a token of any scope.")
    .for_callers()
    .answers(StatusCode::NO_CONTENT, "The session was ended.");

pub(crate) async fn log_out(
    api: web::Data<Api>,
    bearer: Bearer,
    origin: Origin,
) -> Result<HttpResponse, ApiError> {
    api.accounts.ask(LogOut { token: bearer.0, origin: origin.0 }).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<OwnSessionError> for ApiError {
    fn from(error: OwnSessionError) -> Self {
        match error {
            OwnSessionError::Authenticate(error) => error.into(),
            OwnSessionError::NotFound => errors::NOT_FOUND.into(),
            OwnSessionError::Actor(error) => error.into(),
        }
    }
}
