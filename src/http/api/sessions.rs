//! `/users/me/sessions` and `/logout`.

use actix_web::{HttpResponse, web};

use crate::{
    actors::account::{EndOtherSessions, EndOwnSession, ListOwnSessions, LogOut, OwnSessionError},
    domain::SessionId,
    http::{
        state::Api,
        wire::{
            api_error::ApiError,
            bearer::Bearer,
            errors,
            parameters::{PathId, Query},
            render::{Items, SessionBody, ok},
        },
    },
};

pub(crate) async fn list(
    api: web::Data<Api>,
    bearer: Bearer,
    query: Query,
) -> Result<HttpResponse, ApiError> {
    let with_ended = query.boolean("ended")?;
    let (sessions, current) = api.accounts.ask(ListOwnSessions { token: bearer.0, with_ended }).await?;
    let items = sessions.iter().map(|session| SessionBody::new(session, Some(current))).collect();
    Ok(ok(Items { items }))
}

pub(crate) async fn end(api: web::Data<Api>, bearer: Bearer, id: PathId) -> Result<HttpResponse, ApiError> {
    api.accounts.ask(EndOwnSession { token: bearer.0, id: SessionId(id.0) }).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn end_others(api: web::Data<Api>, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    api.accounts.ask(EndOtherSessions { token: bearer.0 }).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn log_out(api: web::Data<Api>, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    api.accounts.ask(LogOut { token: bearer.0 }).await?;
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
