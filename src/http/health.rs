//! `/healthz` and `/readyz`: whether the process lives, and whether it can work.

use std::{
    cell::RefCell,
    future::Future,
    time::{Duration, Instant},
};

use actix_web::{HttpResponse, rt, web};
use futures_util::{
    FutureExt,
    future::{LocalBoxFuture, Shared, join_all},
};
use serde_json::json;

use crate::{
    actors::{
        account::PingAccount, db::Ping, maintenance::PingMaintenance, password::PingPassword,
        token::PingToken,
    },
    http::{state::Api, wire::errors::ApiError},
};

/// How long each actor has to answer a ping. A hash thread may be in the middle of a hash.
const PING_TIMEOUT: Duration = Duration::from_secs(3);

/// How long what the actors answered is good for. Anybody may ask, so a worker asks them no more
/// often than this.
const PROBE_TTL: Duration = Duration::from_secs(1);

pub(crate) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

pub(crate) async fn ready(
    api: web::Data<Api>,
    readiness: web::Data<Readiness>,
) -> Result<HttpResponse, ApiError> {
    let failing = readiness.failing(&api).await;
    if failing.is_empty() {
        Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
    } else {
        Err(ApiError::NotReady { failing })
    }
}

/// What the actors answered when a worker asked them last.
#[derive(Default)]
pub(crate) struct Readiness(RefCell<Option<Probe>>);

struct Probe {
    began: Instant,
    failing: Shared<LocalBoxFuture<'static, Vec<&'static str>>>,
}

impl Probe {
    fn begin(api: &web::Data<Api>) -> Self {
        let failing = failing(api.clone()).boxed_local().shared();
        // It goes on where whoever asked hangs up: others wait for it.
        rt::spawn(failing.clone().map(drop));
        Self { began: Instant::now(), failing }
    }

    fn is_fresh(&self) -> bool {
        self.failing.peek().is_none() || self.began.elapsed() < PROBE_TTL
    }
}

impl Readiness {
    /// The names of the actors that did not answer well and in time, now or a moment ago.
    async fn failing(&self, api: &web::Data<Api>) -> Vec<&'static str> {
        let failing = {
            let mut last = self.0.borrow_mut();
            let fresh = last.take().filter(Probe::is_fresh);
            last.insert(fresh.unwrap_or_else(|| Probe::begin(api))).failing.clone()
        };
        failing.await
    }
}

async fn failing(api: web::Data<Api>) -> Vec<&'static str> {
    let hash_threads = api.passwords.handle();
    join_all([
        Box::pin(ping("db", api.db.ask(Ping))) as LocalBoxFuture<'_, _>,
        Box::pin(ping("password", hash_threads.ask(PingPassword))),
        Box::pin(ping("throttle", api.throttle.ping())),
        Box::pin(ping("token", api.tokens.ask(PingToken))),
        Box::pin(ping("account", api.accounts.ask(PingAccount))),
        Box::pin(ping("keeper", api.maintenance.ask(PingMaintenance))),
    ])
    .await
    .into_iter()
    .flatten()
    .collect()
}

/// The actor's name, if it did not answer well and in time.
async fn ping<E>(name: &'static str, answer: impl Future<Output = Result<(), E>>) -> Option<&'static str> {
    match tokio::time::timeout(PING_TIMEOUT, answer).await {
        Ok(Ok(())) => None,
        Ok(Err(_)) | Err(_) => Some(name),
    }
}
