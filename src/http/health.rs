//! `/healthz` and `/readyz`: whether the process lives, and whether it can work.

use std::{future::Future, time::Duration};

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::{Api, error::ApiError};
use crate::actors::{
    account::PingAccount, db::Ping, keeper::PingKeeper, password::PingPassword, token::PingToken,
};

/// How long each actor has to answer. A hash thread may be in the middle of a hash.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

pub(super) async fn ready(api: web::Data<Api>) -> Result<HttpResponse, ApiError> {
    let hash_threads = api.passwords.handle();
    let failing: Vec<_> = futures_util::future::join_all([
        Box::pin(ping("db", api.db.ask(Ping))) as futures_util::future::LocalBoxFuture<'_, _>,
        Box::pin(ping("password", hash_threads.ask(PingPassword))),
        Box::pin(ping("throttle", api.throttle.ping())),
        Box::pin(ping("token", api.tokens.ask(PingToken))),
        Box::pin(ping("account", api.accounts.ask(PingAccount))),
        Box::pin(ping("keeper", api.keeper.ask(PingKeeper))),
    ])
    .await
    .into_iter()
    .flatten()
    .collect();
    if failing.is_empty() {
        Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
    } else {
        Err(ApiError::NotReady { failing })
    }
}

/// The actor's name, if it did not answer well and in time.
async fn ping<E>(name: &'static str, answer: impl Future<Output = Result<(), E>>) -> Option<&'static str> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(())) => None,
        Ok(Err(_)) | Err(_) => Some(name),
    }
}
