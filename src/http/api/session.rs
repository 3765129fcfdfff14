//! `/users/me/sessions` and `/logout`.

use actix_web::web;
use serde_json::json;

use crate::{
    actors::account::{EndOtherSessions, EndOwnSession, ListOwnSessions, LogOut, OwnSessionError},
    domain::SessionId,
    http::{
        openapi::{Operation, Parameter, Tag},
        state::Api,
        wire::{
            Answer, ApiError, Authorization, Items, PathId, Query, SESSION_LIST, SessionBody, errors,
            no_content, ok,
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
    .ok("The sessions.", SESSION_LIST);

pub(crate) async fn list(api: web::Data<Api>, auth: Authorization, query: Query) -> Answer {
    let with_ended = query.boolean("ended")?;
    let (sessions, current) =
        api.accounts.ask(ListOwnSessions { token: auth.token, origin: auth.origin, with_ended }).await?;
    let items = sessions.iter().map(|session| SessionBody::new(session, Some(current))).collect();
    Ok(ok(Items { items }))
}

pub(crate) const END: Operation = Operation::new("endSession", Tag::Sessions, "End one of my sessions")
    .parameters(&[Parameter::id("The session's number.")])
    .for_owners()
    .no_content("The session was ended.")
    .fails(&[errors::NOT_FOUND]);

pub(crate) async fn end(api: web::Data<Api>, auth: Authorization, id: PathId) -> Answer {
    api.accounts.ask(EndOwnSession { token: auth.token, origin: auth.origin, id: SessionId(id.0) }).await?;
    Ok(no_content())
}

pub(crate) const END_OTHERS: Operation =
    Operation::new("endOtherSessions", Tag::Sessions, "Log out everywhere else")
        .for_owners()
        .no_content("All other sessions were ended.");

pub(crate) async fn end_others(api: web::Data<Api>, auth: Authorization) -> Answer {
    api.accounts.ask(EndOtherSessions { token: auth.token, origin: auth.origin }).await?;
    Ok(no_content())
}

pub(crate) const LOG_OUT: Operation = Operation::new("logOut", Tag::Sessions, "Log out")
    .describe("Accepts a token of any scope.")
    .for_callers()
    .no_content("The session was ended.");

pub(crate) async fn log_out(api: web::Data<Api>, auth: Authorization) -> Answer {
    api.accounts.ask(LogOut { token: auth.token, origin: auth.origin }).await?;
    Ok(no_content())
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
